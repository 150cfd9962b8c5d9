// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.oracle;

import io.splitvisor.vcpu.cpu.Eflags;
import io.splitvisor.vcpu.decode.Insn;
import java.util.Set;
import java.util.random.RandomGenerator;

/** Random states of the x87, near the borders of its numbers as often as not, and what has to agree after an instruction. */
final class FpuStates {
    private static final int FLAGS = 0x3f;
    private static final int STACK_FAULT = 0x40;
    private static final int CODES = 0x4700;
    private static final int C1 = 0x200;
    /** Inexactness, underflow that comes with it, and that they wait if they are not masked. */
    private static final int INEXACT = 0x80b0;

    private static final int INVALID = 1;
    private static final int DENORMAL = 2;
    private static final int BIAS = 0x3fff;
    private static final int EVERYTHING = 0xffff;

    /** Each processor has its own last bits of these. */
    private static final Set<String> TRANSCENDENTAL =
            Set.of("f2xm1", "fyl2x", "fyl2xp1", "fsin", "fcos", "fsincos", "fptan", "fpatan");

    private static final int[] EXPONENTS = {
        0, 0, 1, 2, 63, 64, 0x3c00, 0x3c01, 0x3f80, 0x3f81, 0x3f69, 0x3bcd, 0x3ff0, 0x3ffd, 0x3ffe, 0x3fff, 0x4000,
        0x4001, 0x400e, 0x400f, 0x401e, 0x401f, 0x403b, 0x403d, 0x403e, 0x403f, 0x407e, 0x407f, 0x43fe, 0x43ff, 0x5fff,
        0x7ffd, 0x7ffe, 0x7ffe, 0x7fff, 0x7fff
    };

    private final RandomGenerator random;

    FpuStates(RandomGenerator random) {
        this.random = random;
    }

    /** Sets control, status, tags and registers; no exception waits. */
    void randomize(Snapshot s) {
        int control = random.nextInt(3) == 0 ? 0x37f : random.nextInt() & 0xf3f | 0x40;
        int precision = control >> 8 & 3;
        if (precision == 1) {
            control |= 0x300;
        }
        int flags = random.nextBoolean() ? 0 : random.nextInt() & control & FLAGS;
        s.word(0, control);
        s.word(
                1,
                flags | random.nextInt() & (CODES | 7 << 11) | (flags & 1) * (random.nextBoolean() ? STACK_FAULT : 0));
        int top = s.word(1) >> 11 & 7;
        // Mostly only ST(7) is empty, so that most pushes and most operands are valid.
        s.full(random.nextInt(3) == 0 ? random.nextInt(256) : 0xff & ~(1 << (top + 7 & 7)));
        int near = EXPONENTS[random.nextInt(EXPONENTS.length)];
        for (int n = 0; n < 8; n++) {
            int exponent = random.nextInt(3) == 0
                    ? Math.clamp(near + random.nextInt(-66, 66), 0, 0x7fff)
                    : EXPONENTS[random.nextInt(EXPONENTS.length)];
            s.st(n, exponent | (random.nextInt() & 0x8000), significand(exponent));
        }
    }

    private long significand(int exponent) {
        long fraction =
                switch (random.nextInt(5)) {
                    case 0 -> 0;
                    case 1 -> random.nextLong();
                    case 2 -> random.nextLong() & -1L << random.nextInt(64);
                    case 3 -> -1L << random.nextInt(64);
                    default -> (1L << random.nextInt(64)) | random.nextInt(4);
                };
        boolean integerBit = exponent != 0;
        if (random.nextInt(32) == 0) {
            integerBit = !integerBit;
        }
        return integerBit ? fraction | Long.MIN_VALUE : fraction & Long.MAX_VALUE;
    }

    /** Eight bytes to be found in memory: floats, a double, the end of an 80-bit number, or decimal digits. */
    long memory() {
        int exponent = EXPONENTS[random.nextInt(EXPONENTS.length)];
        return switch (random.nextInt(4)) {
            case 0 -> significand(exponent);
            case 1 -> (random.nextLong() << 16) | (random.nextInt() & 0x8000) | exponent;
            case 2 -> random.nextLong() & 0x0909_0909_0909_0909L | random.nextLong() & 0x7070_7070_7070_7070L;
            default -> random.nextInt(-1000, 1000);
        };
    }

    /** Whether an instruction has no defined answer here, or one that vendors define differently. */
    static boolean undefined(Insn i, Snapshot before, Snapshot ours) {
        int exponent = before.signExponent(0) & 0x7fff;
        return switch (i.row().mnemonic()) {
            // With the exception of denormals enabled, a conversion is delivered by some and not by others.
            case "fld" -> i.hasMemory() && raised(ours, DENORMAL);
            case "f2xm1" -> exponent >= BIAS;
            case "fyl2xp1" -> exponent >= BIAS - 2;
            default -> false;
        };
    }

    /** Whether two states after an instruction are the same, as far as it is defined. */
    static boolean agree(Insn i, Snapshot ours, Snapshot real) {
        String mnemonic = i.row().mnemonic();
        if (TRANSCENDENTAL.contains(mnemonic)) {
            return ours.sameFpu(real, EVERYTHING) || close(ours, real);
        }
        int undefined =
                compares(mnemonic) && raised(ours, INVALID | DENORMAL) ? CODES : mnemonic.contains("comi") ? C1 : 0;
        return ours.sameFpu(real, EVERYTHING & ~undefined);
    }

    /** Flags not to be compared: those of a comparison that delivers nothing. */
    static int undefinedFlags(Insn i, Snapshot ours) {
        boolean undelivered = i.row().mnemonic().contains("comi") && raised(ours, INVALID | DENORMAL);
        return undelivered && compares(i.row().mnemonic()) ? Eflags.ARITHMETIC : 0;
    }

    private static boolean compares(String mnemonic) {
        return mnemonic.startsWith("f") && (mnemonic.contains("com") || mnemonic.equals("ftst"));
    }

    private static boolean raised(Snapshot s, int flags) {
        return (s.word(1) & ~s.word(0) & flags) != 0;
    }

    /** Within a unit in the last place; C1, which tells of rounding, and inexactness may differ. */
    private static boolean close(Snapshot ours, Snapshot real) {
        boolean same = ((ours.word(1) ^ real.word(1)) & ~(C1 | INEXACT)) == 0 && ours.full() == real.full();
        for (int n = 0; n < 8; n++) {
            long a = ours.significand(n);
            long b = real.significand(n);
            int exponents = (ours.signExponent(n) & 0x7fff) - (real.signExponent(n) & 0x7fff);
            boolean sign = ((ours.signExponent(n) ^ real.signExponent(n)) & 0x8000) == 0;
            boolean near = exponents == 0 && Math.abs(a - b) <= 1;
            boolean crossing = Math.abs(exponents) == 1
                    && Long.MIN_VALUE == (exponents > 0 ? a : b)
                    && (exponents > 0 ? b : a) == -1;
            same &= sign && (near || crossing);
        }
        return same;
    }
}
