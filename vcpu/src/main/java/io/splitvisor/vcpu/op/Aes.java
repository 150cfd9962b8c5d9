// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

/**
 * Rounds of AES and products of polynomials, as the instructions have them: each method makes one half of a result. Both tiers use these.
 *
 * <p>A half is two columns of AES's state. Rows move across the whole state by as many columns as their number, so that a half needs both:
 * {@code here} is the one that becomes the result, {@code other} is the other, whichever of them is the low one. What the substitution
 * and the mixing of columns make of one byte is in a table.
 */
public final class Aes {
    private static final int BYTES = 256;
    private static final byte[] SUBSTITUTE = new byte[BYTES];
    private static final byte[] RESTORE = new byte[BYTES];
    /** A substituted byte in the first row, with columns mixed; in row n rotated by n bytes. */
    private static final int[] MIX = new int[BYTES];
    /** The same for decryption. */
    private static final int[] UNMIX = new int[BYTES];

    static {
        int inverse = 1;
        int power = 1;
        do {
            // By 3 and by its inverse: all numbers but zero, each beside its inverse.
            power = multiply(power, 3);
            inverse = multiply(inverse, 0xf6);
            int x = inverse | inverse << 8;
            int substituted = (x ^ x >> 4 ^ x >> 5 ^ x >> 6 ^ x >> 7 ^ 0x63) & 0xff;
            SUBSTITUTE[power] = (byte) substituted;
        } while (power != 1);
        SUBSTITUTE[0] = 0x63;
        for (int n = 0; n < BYTES; n++) {
            int s = SUBSTITUTE[n] & 0xff;
            RESTORE[s] = (byte) n;
            MIX[n] = column(s, 2, 1, 1, 3);
            UNMIX[s] = column(n, 14, 9, 13, 11);
        }
    }

    private Aes() {}

    /** In GF(256) with AES's polynomial. */
    private static int multiply(int a, int b) {
        int product = 0;
        int power = a;
        for (int bits = b; bits != 0; bits >>= 1) {
            product ^= (bits & 1) != 0 ? power : 0;
            power = power << 1 ^ ((power & 0x80) != 0 ? 0x11b : 0);
        }
        return product;
    }

    private static int column(int s, int first, int second, int third, int fourth) {
        return multiply(s, first) | multiply(s, second) << 8 | multiply(s, third) << 16 | multiply(s, fourth) << 24;
    }

    private static int at(long half, int bit) {
        return (int) (half >>> bit) & 0xff;
    }

    private static long mixed(int[] table, int first, int second, int third, int fourth) {
        int column = table[first]
                ^ Integer.rotateLeft(table[second], 8)
                ^ Integer.rotateLeft(table[third], 16)
                ^ Integer.rotateLeft(table[fourth], 24);
        return column & 0xffff_ffffL;
    }

    private static long replaced(byte[] table, int first, int second, int third, int fourth) {
        int column =
                table[first] & 0xff | (table[second] & 0xff) << 8 | (table[third] & 0xff) << 16 | table[fourth] << 24;
        return column & 0xffff_ffffL;
    }

    /** AESENC. */
    public static long encrypt(long here, long other, long key) {
        long first = mixed(MIX, at(here, 0), at(here, 40), at(other, 16), at(other, 56));
        long second = mixed(MIX, at(here, 32), at(other, 8), at(other, 48), at(here, 24));
        return (first | second << 32) ^ key;
    }

    /** AESENCLAST. */
    public static long encryptLast(long here, long other, long key) {
        long first = replaced(SUBSTITUTE, at(here, 0), at(here, 40), at(other, 16), at(other, 56));
        long second = replaced(SUBSTITUTE, at(here, 32), at(other, 8), at(other, 48), at(here, 24));
        return (first | second << 32) ^ key;
    }

    /** AESDEC. */
    public static long decrypt(long here, long other, long key) {
        long first = mixed(UNMIX, at(here, 0), at(other, 40), at(other, 16), at(here, 56));
        long second = mixed(UNMIX, at(here, 32), at(here, 8), at(other, 48), at(other, 24));
        return (first | second << 32) ^ key;
    }

    /** AESDECLAST. */
    public static long decryptLast(long here, long other, long key) {
        long first = replaced(RESTORE, at(here, 0), at(other, 40), at(other, 16), at(here, 56));
        long second = replaced(RESTORE, at(here, 32), at(here, 8), at(other, 48), at(other, 24));
        return (first | second << 32) ^ key;
    }

    private static long unmixed(long half, int bit) {
        return mixed(
                UNMIX,
                SUBSTITUTE[at(half, bit)] & 0xff,
                SUBSTITUTE[at(half, bit + 8)] & 0xff,
                SUBSTITUTE[at(half, bit + 16)] & 0xff,
                SUBSTITUTE[at(half, bit + 24)] & 0xff);
    }

    /** AESIMC: both columns unmixed. */
    public static long unmix(long half) {
        return unmixed(half, 0) | unmixed(half, 32) << 32;
    }

    /** AESKEYGENASSIST: the upper column substituted, and the same turned, with a round's constant. */
    public static long expand(long half, long constant) {
        long word = replaced(SUBSTITUTE, at(half, 32), at(half, 40), at(half, 48), at(half, 56));
        return word | ((long) Integer.rotateRight((int) word, 8) ^ constant) << 32;
    }

    // PCLMULQDQ

    /** Every fourth bit: sums of so few products do not reach the next of them. */
    private static final long FOURTHS = 0x1111_1111_1111_1111L;

    /** The low 64 bits of a product of polynomials. */
    public static long product(long a, long b) {
        return place(a, b, 0) | place(a, b, 1) | place(a, b, 2) | place(a, b, 3);
    }

    /** The bits of a product whose numbers are {@code n} modulo 4. */
    private static long place(long a, long b, int n) {
        long sum = 0;
        for (int k = 0; k < 4; k++) {
            sum ^= (a & FOURTHS << k) * (b & FOURTHS << (n - k & 3));
        }
        return sum & FOURTHS << n;
    }

    /** The high 64 bits. */
    public static long productHigh(long a, long b) {
        return Long.reverse(product(Long.reverse(a), Long.reverse(b))) >>> 1;
    }
}
