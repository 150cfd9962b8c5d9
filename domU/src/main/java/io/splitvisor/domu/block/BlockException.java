// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.block;

/** A request to a disk failed. */
public final class BlockException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** Why. */
    public enum Kind {
        /** The back end could not do it: an I/O error, or a range or an operation that it refuses. */
        IO_ERROR,
        /** The back end does not offer the operation. */
        UNSUPPORTED,
        /** The disk was taken away, or closed. */
        GONE,
        /** The back end broke the rules; the disk is not used any more. */
        MISBEHAVED,
        /** The back end did not answer in time. */
        TIMEOUT
    }

    private final Kind kind;

    /** @param message what was asked, and of which disk */
    public BlockException(Kind kind, String message) {
        super(message);
        this.kind = kind;
    }

    /** Why. */
    public Kind kind() {
        return kind;
    }
}
