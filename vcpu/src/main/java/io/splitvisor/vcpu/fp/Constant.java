// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.fp;

/** The constants that the x87 loads; they know more bits than they deliver and are rounded as any result. */
public enum Constant {
    /** One. */
    ONE("1", 0, 1L << 63, false, true),
    /** Zero. */
    ZERO("z", 0, 0, false, true),
    /** Binary logarithm of ten. */
    LOG2_10("l2t", 1, 0xd49a_784b_cd1b_8afeL, false, false),
    /** Binary logarithm of e. */
    LOG2_E("l2e", 0, 0xb8aa_3b29_5c17_f0bbL, true, false),
    /** Pi. */
    PI("pi", 1, 0xc90f_daa2_2168_c234L, true, false),
    /** Decimal logarithm of two. */
    LOG10_2("lg2", -2, 0x9a20_9a84_fbcf_f798L, true, false),
    /** Natural logarithm of two. */
    LN_2("ln2", -1, 0xb172_17f7_d1cf_79abL, true, false);

    private final String suffix;
    private final int exponent;
    /** Chopped. */
    private final long significand;

    private final boolean nearestIsAbove;
    private final boolean exact;

    Constant(String suffix, int exponent, long significand, boolean nearestIsAbove, boolean exact) {
        this.suffix = suffix;
        this.exponent = exponent;
        this.significand = significand;
        this.nearestIsAbove = nearestIsAbove;
        this.exact = exact;
    }

    /** What follows FLD in the mnemonic. */
    public String suffix() {
        return suffix;
    }

    /** Its value in a rounding mode. */
    public void load(int rounding, Unpacked to) {
        if (significand == 0) {
            to.zero(false);
            return;
        }
        boolean above = !exact && (rounding == Arithmetic.UP || (rounding == Arithmetic.NEAREST && nearestIsAbove));
        to.finite(false, exponent, above ? significand + 1 : significand);
    }
}
