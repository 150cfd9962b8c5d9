// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.disasm;

/** The prefixes of an instruction, in their order; those that it does not use are named before it. */
final class Prefixes {
    private final byte[] bytes;
    private final int count;
    private final int bits;
    /** The prefixes that the instruction's text already tells of, one bit each. */
    private int used;
    /** What the prefix F2 or F3 is called here. */
    private String repeat;

    /** Of the instruction at the start of some bytes. */
    Prefixes(byte[] bytes, int bits) {
        this.bytes = bytes;
        this.bits = bits;
        int n = 0;
        while (n < bytes.length - 1 && isPrefix(bytes[n] & 0xff)) {
            n++;
        }
        this.count = n;
    }

    private boolean isPrefix(int b) {
        return isRex(b)
                || switch (b) {
                    case 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3 -> true;
                    default -> false;
                };
    }

    private boolean isRex(int b) {
        return bits == 64 && (b & 0xf0) == 0x40;
    }

    /** Whether one of them is there. */
    boolean has(int prefix) {
        return last(prefix) >= 0;
    }

    private int last(int prefix) {
        for (int n = count - 1; n >= 0; n--) {
            if ((bytes[n] & 0xff) == prefix) {
                return n;
            }
        }
        return -1;
    }

    /** Tells that the text shows a prefix, the last one if there are several. */
    void use(int prefix) {
        int at = last(prefix);
        if (at >= 0) {
            used |= 1 << at;
        }
    }

    /** Names the last repeat prefix. */
    void nameRepeat(String name) {
        repeat = name;
    }

    /** The REX prefix that counts, or 0. */
    int rex() {
        int last = count == 0 ? 0 : bytes[count - 1] & 0xff;
        return isRex(last) ? last : 0;
    }

    /** Tells that the text shows all of the REX prefix that counts. */
    void useRex() {
        if (rex() != 0) {
            used |= 1 << count - 1;
        }
    }

    /** The names of the rest, a space behind each. */
    String rest() {
        StringBuilder b = new StringBuilder();
        for (int n = 0; n < count; n++) {
            if ((used >> n & 1) == 0) {
                int prefix = bytes[n] & 0xff;
                boolean renamed = repeat != null && n == Math.max(last(0xf2), last(0xf3));
                b.append(renamed ? repeat : name(prefix)).append(' ');
            }
        }
        return b.toString();
    }

    private String name(int prefix) {
        return switch (prefix) {
            case 0x26 -> "es";
            case 0x2e -> "cs";
            case 0x36 -> "ss";
            case 0x3e -> "ds";
            case 0x64 -> "fs";
            case 0x65 -> "gs";
            case 0x66 -> bits == 16 ? "data32" : "data16";
            case 0x67 -> bits == 32 ? "addr16" : "addr32";
            case 0xf0 -> "lock";
            case 0xf2 -> "repnz";
            case 0xf3 -> "repz";
            default -> rexName(prefix);
        };
    }

    private static String rexName(int rex) {
        StringBuilder b = new StringBuilder("rex");
        if ((rex & 15) != 0) {
            b.append('.');
        }
        for (int n = 3; n >= 0; n--) {
            if ((rex >> n & 1) != 0) {
                b.append("BXRW".charAt(n));
            }
        }
        return b.toString();
    }
}
