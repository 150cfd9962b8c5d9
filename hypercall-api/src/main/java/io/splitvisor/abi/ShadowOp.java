// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

/** Operations of {@code XEN_DOMCTL_shadow_op} (domctl.h, {@code XEN_DOMCTL_SHADOW_OP_*}). */
public final class ShadowOp {
    /** Ends what was enabled. */
    public static final int OFF = 0;

    public static final int ENABLE_TEST = 1;

    /** Starts the log of changed frames. */
    public static final int ENABLE_LOGDIRTY = 2;

    /** Reads the log, and empties it. */
    public static final int CLEAN = 11;

    /** Reads it. */
    public static final int PEEK = 12;

    /** How much memory tables may take, in MiB. */
    public static final int GET_ALLOCATION = 30;

    /** Changes that. */
    public static final int SET_ALLOCATION = 31;

    public static final int ENABLE = 32;

    private ShadowOp() {}
}
