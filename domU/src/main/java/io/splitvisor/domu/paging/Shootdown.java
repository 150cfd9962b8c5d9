// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.paging;

/**
 * Has all processors forget translations of an address space, and returns when none can use them any more.
 *
 * <p>The others are told by an interrupt (an event channel between vCPUs), or by the hypercall that registered mode has for
 * it. They answer where a processor could take an interrupt: at their next access. A processor that is idle needs not answer:
 * it looks before it goes on. One lock covers all of memory management, so there is one shootdown at a time.
 */
final class Shootdown {
    /** Instead of a number of addresses. */
    static final int ALL = -1;

    /** How a processor is told that there is something for it. */
    @FunctionalInterface
    interface Signal {
        /** Tells it. */
        void send(Processor to);
    }

    private final AddressSpaces spaces;
    private Signal signal = Processor::interrupt;
    private long sequence;
    private long interrupts;

    Shootdown(AddressSpaces spaces) {
        this.spaces = spaces;
    }

    void signal(Signal way) {
        signal = way;
    }

    /** Processors interrupted so far. */
    long interrupts() {
        return interrupts;
    }

    /**
     * Flushes addresses.
     *
     * @param count how many, or {@link #ALL} for everything
     */
    void flush(Processor self, AddressSpace space, long[] addresses, int count) {
        space.flushed();
        self.forget(space, addresses, count);
        long number = ++sequence;
        for (Processor other : spaces.processors()) {
            if (other != null && other != self && other.space() == space) {
                other.mailbox().ask(space, addresses, count, number);
                if (!other.isIdle()) {
                    interrupts++;
                    signal.send(other);
                }
            }
        }
        for (Processor other : spaces.processors()) {
            if (other != null && other != self) {
                other.mailbox().awaitAnswer(number);
            }
        }
    }
}
