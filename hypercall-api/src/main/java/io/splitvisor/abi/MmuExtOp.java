// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

/** Commands of {@code mmuext_op} (xen.h, {@code MMUEXT_*}). */
public final class MmuExtOp {
    public static final int PIN_L1_TABLE = 0;
    public static final int PIN_L2_TABLE = 1;
    public static final int PIN_L3_TABLE = 2;
    public static final int PIN_L4_TABLE = 3;
    public static final int UNPIN_TABLE = 4;
    public static final int NEW_BASEPTR = 5;
    public static final int TLB_FLUSH_LOCAL = 6;
    public static final int INVLPG_LOCAL = 7;
    public static final int TLB_FLUSH_MULTI = 8;
    public static final int INVLPG_MULTI = 9;
    public static final int TLB_FLUSH_ALL = 10;
    public static final int INVLPG_ALL = 11;
    public static final int FLUSH_CACHE = 12;
    public static final int SET_LDT = 13;
    public static final int NEW_USER_BASEPTR = 15;
    public static final int CLEAR_PAGE = 16;
    public static final int COPY_PAGE = 17;
    public static final int FLUSH_CACHE_GLOBAL = 18;
    public static final int MARK_SUPER = 19;
    public static final int UNMARK_SUPER = 20;

    private MmuExtOp() {}

    /** Xen's name, such as "PIN_L4_TABLE"; "mmuext_op N" for a number that Xen does not define. */
    public static String nameOf(int cmd) {
        return switch (cmd) {
            case PIN_L1_TABLE -> "PIN_L1_TABLE";
            case PIN_L2_TABLE -> "PIN_L2_TABLE";
            case PIN_L3_TABLE -> "PIN_L3_TABLE";
            case PIN_L4_TABLE -> "PIN_L4_TABLE";
            case UNPIN_TABLE -> "UNPIN_TABLE";
            case NEW_BASEPTR -> "NEW_BASEPTR";
            case TLB_FLUSH_LOCAL -> "TLB_FLUSH_LOCAL";
            case INVLPG_LOCAL -> "INVLPG_LOCAL";
            case TLB_FLUSH_MULTI -> "TLB_FLUSH_MULTI";
            case INVLPG_MULTI -> "INVLPG_MULTI";
            case TLB_FLUSH_ALL -> "TLB_FLUSH_ALL";
            case INVLPG_ALL -> "INVLPG_ALL";
            case FLUSH_CACHE -> "FLUSH_CACHE";
            case SET_LDT -> "SET_LDT";
            case NEW_USER_BASEPTR -> "NEW_USER_BASEPTR";
            case CLEAR_PAGE -> "CLEAR_PAGE";
            case COPY_PAGE -> "COPY_PAGE";
            case FLUSH_CACHE_GLOBAL -> "FLUSH_CACHE_GLOBAL";
            case MARK_SUPER -> "MARK_SUPER";
            case UNMARK_SUPER -> "UNMARK_SUPER";
            default -> "mmuext_op " + cmd;
        };
    }
}
