// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.paging;

/**
 * A page fault that memory management has no answer to.
 *
 * @param address the linear address
 * @param error the error code, of the bits below
 */
public record PageFault(long address, int error) {
    /** The page was there; the access was not allowed. */
    public static final int PRESENT = 1;
    /** A store. */
    public static final int WRITE = 2;
    /** From user mode. */
    public static final int USER = 4;
    /** A reserved bit was set in an entry. */
    public static final int RESERVED = 8;
    /** An instruction fetch. */
    public static final int FETCH = 16;

    /** Decides what becomes of a fault. */
    @FunctionalInterface
    public interface Handler {
        /**
         * Runs on the processor that faulted, which may map, protect and touch memory here.
         *
         * @return whether the access is to be tried again; if not, it ends with {@link Unhandled}
         */
        boolean handle(Processor processor, PageFault fault);
    }

    /** The access ended: nothing was read or written. */
    public static final class Unhandled extends RuntimeException {
        private static final long serialVersionUID = 1;

        /** What happened. */
        private final transient PageFault fault;

        Unhandled(PageFault fault) {
            super("page fault at " + Long.toHexString(fault.address) + ", error code "
                    + Integer.toHexString(fault.error));
            this.fault = fault;
        }

        /** What happened. */
        public PageFault fault() {
            return fault;
        }
    }
}
