// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.trace;

/**
 * Numbers of a trace file. A record is a header word (event in 28 bits, number of data words in 3, whether a time follows in
 * 1), perhaps a time of 64 bits, and up to seven data words, all little-endian (struct t_rec in trace.h). The records between
 * two {@link #CPU_CHANGE} are of one processor; here there is one, since one thread writes.
 */
final class TraceFormat {
    /** How many bytes of records follow, and of which processor: {@code TRC_TRACE_CPU_CHANGE}, two words. */
    static final int CPU_CHANGE = 0x0001f003;

    /** {@code TRC_LOST_RECORDS}: how many, domain and vCPU, time of the first as two words. */
    static final int LOST_RECORDS = 0x0001f001;

    /** {@code TRC_SCHED_RUNSTATE_CHANGE}, from runnable to running: from now on, records concern this vCPU. */
    static final int RUNNABLE_TO_RUNNING = 0x00021101;

    /** The same back. */
    static final int RUNNING_TO_RUNNABLE = 0x00021011;

    /** {@code TRC_PV_HYPERCALL_V2}. */
    static final int HYPERCALL = 0x0020100d;

    /**
     * Our own, among the events of PV guests, where Xen uses the numbers to 0x7f: the call before failed. One word: the errno.
     */
    static final int FAILED = 0x00201081;

    /** Our own: an event was sent. Two words: domain and port of the receiver. */
    static final int EVENT = 0x00201082;

    /** Our own: the call before was made again. Two words: how often, and how many nanoseconds later at the latest. */
    static final int AGAIN = 0x00201083;

    /** More than one such record says. */
    static final int MOST_AGAIN = 0x1ffff;

    static final int EVENT_MASK = 0x0fffffff;
    static final int WORDS_SHIFT = 28;
    static final int WORDS_MASK = 7;
    static final int TIME_FLAG = 1 << 31;

    /** Of the first word of a hypercall: its number. */
    static final int NUMBER_MASK = 0x000fffff;

    /** Argument 0 follows as one word; the flag of argument n is 2n bits further up. */
    static final int ARGUMENT_0 = 1 << 20;

    static final int ARGUMENT_1 = 1 << 22;
    static final int ARGUMENTS_MASK = 0xfff00000;

    /** A {@link #CPU_CHANGE} record: header and two words. */
    static final int WINDOW_HEADER = 3 * Integer.BYTES;

    private TraceFormat() {}

    static int header(int event, int words, boolean time) {
        return event | words << WORDS_SHIFT | (time ? TIME_FLAG : 0);
    }

    static int vcpu(int domid, int vcpu) {
        return domid << 16 | vcpu;
    }
}
