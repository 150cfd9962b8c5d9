// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.oracle;

import java.util.SplittableRandom;

/** Random states of SSE. */
final class SseStates {
    private static final int[] SPECIAL_EXPONENTS = {
        0, 1, 2, 3, 53, 1, 0, 511, 512, 513, 1022, 1023, 1024, 1054, 1055, 1085, 1086, 1534, 1535, 2045, 2046, 2046,
        2047
    };
    private static final int[] SPECIAL_FLOATS = {
        0,
        1,
        0x7f_ffff,
        0x80_0000,
        0x80_0001,
        0x3f80_0000,
        0x3f80_0001,
        0x3f7f_ffff,
        0x7f7f_ffff,
        0x7f80_0000,
        0x7f80_0001,
        0x7fc0_0000,
        0xffc1_2345,
        0x8000_0000,
        0x8000_0001,
        0xbf80_0000,
        0xff7f_ffff,
        0xff80_0000,
        0x4f00_0000,
        0x4eff_ffff,
        0xcf00_0000,
        0xcf00_0001,
        0x1f80_0000,
        0x2000_0000,
        0x2034_5678,
        0x5f12_3456,
        0x3f00_0000,
        0x3fc0_0000,
        0x4020_0000,
        0x00400000,
        0x0c80_0000
    };

    private final SplittableRandom random;

    SseStates(SplittableRandom random) {
        this.random = random;
    }

    /** All exceptions masked; half of the time rounding and flags are as after a reset. */
    void randomize(Snapshot s) {
        for (int n = 0; n < 32; n++) {
            s.xmm(n, number());
        }
        s.mxcsr(0x1f80 | (random.nextBoolean() ? random.nextInt() & 0xe07f : 0));
    }

    /** Two floats or a double, near the borders of their range as often as not. */
    long number() {
        return switch (random.nextInt(4)) {
            case 0 -> random.nextLong();
            case 1 ->
                (long) SPECIAL_FLOATS[random.nextInt(SPECIAL_FLOATS.length)] << 32
                        | (SPECIAL_FLOATS[random.nextInt(SPECIAL_FLOATS.length)] & 0xffff_ffffL);
            case 2 -> Double.doubleToRawLongBits((random.nextInt(2000) - 1000) / 8.0);
            default -> {
                long exponent = SPECIAL_EXPONENTS[random.nextInt(SPECIAL_EXPONENTS.length)];
                long fraction = random.nextLong() >>> 12 & -1L << random.nextInt(53);
                yield (random.nextLong() & Long.MIN_VALUE) | (exponent & 2047) << 52 | fraction;
            }
        };
    }
}
