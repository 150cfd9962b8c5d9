// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.io;

/** Results in {@code blkif_response.status} (io/blkif.h, {@code BLKIF_RSP_*}). */
public final class BlkifStatus {
    /** The back end does not offer the operation (barrier, flush, discard, indirect). */
    public static final int EOPNOTSUPP = -2;
    /** The operation failed. */
    public static final int ERROR = -1;
    /** The operation is complete. */
    public static final int OKAY = 0;

    private BlkifStatus() {}

    /** Xen's name, such as "EOPNOTSUPP"; "status N" for a number that Xen does not define. */
    public static String nameOf(int status) {
        return switch (status) {
            case EOPNOTSUPP -> "EOPNOTSUPP";
            case ERROR -> "ERROR";
            case OKAY -> "OKAY";
            default -> "status " + status;
        };
    }
}
