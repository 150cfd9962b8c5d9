// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.paging;

/**
 * Has all processors forget translations of an address space, and returns when none can use them any more.
 *
 * <p>The others are told by an interrupt (an event channel between vCPUs), or by a hypercall. They answer where a processor
 * could take an interrupt: at their next access. A processor that is idle needs not answer: it looks before it goes on. One
 * lock covers all of memory management, so there is one shootdown at a time.
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
    private final ShootdownBy way;
    private Signal signal = Processor::interrupt;
    private long sequence;
    private long interrupts;
    private long calls;

    Shootdown(AddressSpaces spaces, ShootdownBy way) {
        this.spaces = spaces;
        this.way = way;
    }

    void signal(Signal how) {
        signal = how;
    }

    /** Processors interrupted so far. */
    long interrupts() {
        return interrupts;
    }

    /** Hypercalls made instead so far. */
    long calls() {
        return calls;
    }

    /**
     * Flushes addresses.
     *
     * @param count how many, or {@link #ALL} for everything
     */
    void flush(Processor self, AddressSpace space, long[] addresses, int count) {
        space.flushed();
        self.forget(space, addresses, count);
        switch (way) {
            case INTERRUPT -> interrupt(self, space, addresses, count);
            case HYPERCALL -> call(self, space, addresses, count);
        }
        // Who left the address space meanwhile may have noted the first number, and not yet done this flush.
        space.flushed();
    }

    private void interrupt(Processor self, AddressSpace space, long[] addresses, int count) {
        long number = ++sequence;
        for (Processor other : spaces.processors()) {
            if (concerns(other, self, space)) {
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

    private void call(Processor self, AddressSpace space, long[] addresses, int count) {
        long mask = 0;
        for (Processor other : spaces.processors()) {
            mask |= concerns(other, self, space) ? 1L << other.vcpu() : 0;
        }
        if (mask != 0) {
            calls++;
            self.updates().flushOthers(mask, addresses, count);
            for (Processor other : spaces.processors()) {
                if (other != null && (mask >>> other.vcpu() & 1) != 0) {
                    other.awaitFlush();
                }
            }
        }
    }

    private static boolean concerns(Processor other, Processor self, AddressSpace space) {
        return other != null && other != self && other.space() == space;
    }
}
