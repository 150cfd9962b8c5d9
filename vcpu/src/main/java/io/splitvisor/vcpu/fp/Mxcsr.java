// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.fp;

/** Bits of MXCSR. SDM volume 1, chapter 10.2.3. The flags have the same places in the x87's status word. */
public final class Mxcsr {
    /** Invalid operation. */
    public static final int IE = 1;
    /** Denormal operand. */
    public static final int DE = 1 << 1;
    /** Division by zero. */
    public static final int ZE = 1 << 2;
    /** Overflow. */
    public static final int OE = 1 << 3;
    /** Underflow. */
    public static final int UE = 1 << 4;
    /** Inexact. */
    public static final int PE = 1 << 5;
    /** Denormal operands count as zero. */
    public static final int DAZ = 1 << 6;
    /** Masked underflow gives zero. */
    public static final int FTZ = 1 << 15;
    /** The bits that MXCSR has. */
    public static final int BITS = 0xffff;
    /** All flags. */
    public static final int FLAGS = 0x3f;
    /** From a flag to its mask. */
    public static final int MASK_SHIFT = 7;
    /** What is raised before a result is computed. */
    public static final int BEFORE = IE | DE | ZE;

    /** Where the rounding mode starts. */
    public static final int ROUNDING_SHIFT = 13;

    private Mxcsr() {}

    /** The rounding mode: 0 nearest, 1 down, 2 up, 3 to zero. */
    static int rounding(int mxcsr) {
        return mxcsr >> ROUNDING_SHIFT & 3;
    }
}
