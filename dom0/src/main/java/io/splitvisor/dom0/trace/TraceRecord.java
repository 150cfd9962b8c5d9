// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.trace;

import java.util.List;
import java.util.OptionalInt;

/** What a trace file says, one thing at a time. */
public sealed interface TraceRecord {
    /** When: nanoseconds on a clock of the trace's own. */
    long nanos();

    /**
     * A hypercall that got its result.
     *
     * @param nanos when its turn had ended; for a call that repeats one before it, at the latest
     * @param domid the caller
     * @param vcpu its vCPU
     * @param name Xen's name of the operation, {@code hypercall N} for one that is not known
     * @param argument the first four bytes of its structure, where it has one
     * @param error the Xen errno, 0 for a call that succeeded
     */
    record Call(long nanos, int domid, int vcpu, String name, OptionalInt argument, int error) implements TraceRecord {
        Call at(long time) {
            return new Call(time, domid, vcpu, name, argument, error);
        }

        Call failed(int errno) {
            return new Call(nanos, domid, vcpu, name, argument, errno);
        }
    }

    /**
     * An event was sent.
     *
     * @param nanos when
     * @param domid the receiver
     * @param port the receiver's port
     */
    record Event(long nanos, int domid, int port) implements TraceRecord {}

    /**
     * Calls and events are missing here.
     *
     * @param nanos when that was noticed
     * @param count how many
     */
    record Lost(long nanos, long count) implements TraceRecord {}

    /**
     * A record of Xen's that Splitvisor does not write.
     *
     * @param nanos when
     * @param event its number
     * @param words its data
     */
    record Other(long nanos, int event, List<Integer> words) implements TraceRecord {}
}
