// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.evtchn;

import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.evtchn.EventChannels;
import io.splitvisor.abi.evtchn.EvtchnFifoControlBlock;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.monitor.Vcpu;
import io.splitvisor.monitor.memory.GuestMemory;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Delivers events by the FIFO ABI: for each vCPU 16 queues, linked lists of event words in pages of the guest, whose heads
 * are in the vCPU's control block and whose tails are known here only.
 *
 * <p>Adding to a list takes the domain's own lock, because of the tail. What is done with the lock held is bounded, whatever
 * the guest writes into its pages meanwhile (row E7), and includes no system call.
 */
final class FifoDelivery implements EventDelivery {
    /** Ports of this ABI. */
    static final int PORTS = EventChannels.FIFO_NR_CHANNELS;

    private static final int QUEUES = EventChannels.FIFO_MAX_QUEUES;
    private static final int WORDS_PER_PAGE = DomainLayout.PAGE_SIZE / Integer.BYTES;
    private static final int PAGES = PORTS / WORDS_PER_PAGE;
    private static final long NONE = -1;

    private static final int PENDING = 1 << EventChannels.FIFO_PENDING;
    private static final int MASKED = 1 << EventChannels.FIFO_MASKED;
    private static final int LINKED = 1 << EventChannels.FIFO_LINKED;
    private static final int BUSY = 1 << EventChannels.FIFO_BUSY;
    private static final int LINK = EventChannels.FIFO_LINK_MASK;

    /**
     * Attempts to change a word under the guest's hands. Whatever a guest may do to a word once, a few of its vCPUs may do
     * meanwhile; a guest that makes all of these attempts fail does so on purpose, and loses the event.
     */
    private static final int TRIES = 64;

    /** Attempts to link a word that is marked busy: the guest has four changes left to make. */
    private static final int LINK_TRIES = 4;

    private final GuestMemory guest;
    private final MemorySegment memory;
    private final Vcpu[] vcpus;

    // With the lock of this object.
    private final long[] pages = new long[PAGES];
    private int pageCount;
    private final long[] controls;
    private final int[] tails;
    private boolean closed;

    FifoDelivery(GuestMemory guest, Vcpu... vcpus) {
        this.guest = guest;
        this.memory = guest.segment();
        this.vcpus = vcpus.clone();
        this.controls = new long[vcpus.length];
        this.tails = new int[vcpus.length * QUEUES];
        Arrays.fill(controls, NONE);
    }

    static boolean isPriority(int priority) {
        return priority >= 0 && priority < QUEUES;
    }

    /** The control block of a vCPU: 0, or -EINVAL if it has one, or the frame is no memory. */
    synchronized int mapControlBlock(int vcpu, long frame, int offset) {
        if (controls[vcpu] != NONE) {
            return -XenErrno.EINVAL;
        }
        long page = guest.pinWritable(frame);
        if (page == GuestMemory.NOT_MEMORY) {
            return -XenErrno.EINVAL;
        }
        controls[vcpu] = page + offset;
        return 0;
    }

    /** One more page of event words, and what was raised while it was missing: 0, -ENOSPC, -EINVAL. */
    int expandArray(long frame, Ports ports) {
        int first;
        synchronized (this) {
            if (pageCount == PAGES) {
                return -XenErrno.ENOSPC;
            }
            long page = guest.pinWritable(frame);
            if (page == GuestMemory.NOT_MEMORY) {
                return -XenErrno.EINVAL;
            }
            first = pageCount * WORDS_PER_PAGE;
            pages[pageCount] = page;
            pageCount++;
        }
        int end = Math.min(first + WORDS_PER_PAGE, ports.valid());
        for (int number = first; number < end; number++) {
            Port port = ports.find(number);
            if (takePending(port)) {
                raise(port);
            }
        }
        return 0;
    }

    private synchronized boolean takePending(Port port) {
        boolean pending = port.pending();
        port.pending(false);
        return pending;
    }

    /** Where a port's event word is, or {@link #NONE}. */
    private long word(int number) {
        int page = number / WORDS_PER_PAGE;
        return page < pageCount ? pages[page] + (long) (number % WORDS_PER_PAGE) * Integer.BYTES : NONE;
    }

    @Override
    public void raise(Port port) {
        Vcpu awaited = link(port);
        if (awaited != null) {
            awaited.upcall();
        }
    }

    /** Which vCPU has to be told, or null. */
    private synchronized Vcpu link(Port port) {
        if (closed) {
            return null;
        }
        long word = word(port.number());
        if (word == NONE) {
            port.pending(true);
            return null;
        }
        int vcpu = port.vcpu();
        long control = controls[vcpu];
        if (control == NONE) {
            // A guest keeps the port masked until its vCPU has one; the monitor links it when it is asked to unmask it.
            change(word, 0, PENDING);
            return null;
        }
        if (!setPending(word)) {
            return null;
        }
        int priority = port.priority();
        int queue = vcpu * QUEUES + priority;
        // As the tail of its last queue it has been consumed, or it would not have become linked now: that queue is
        // empty.
        if (tails[port.queue()] == port.number()) {
            tails[port.queue()] = 0;
        }
        port.queue(queue);
        int tail = tails[queue];
        tails[queue] = port.number();
        if (tail != 0 && setLink(word(tail), port.number())) {
            return null;
        }
        EvtchnFifoControlBlock.headRelease(memory, control, priority, port.number());
        return EvtchnFifoControlBlock.testAndSetReadyVolatile(memory, control, priority) ? null : vcpus[vcpu];
    }

    /** Sets a word pending and, unless it is masked, linked; whether it has just become linked. A full fence. */
    private boolean setPending(long word) {
        for (int i = 0; i < TRIES; i++) {
            int seen = EventChannels.wordAcquire(memory, word);
            boolean links = (seen & (MASKED | LINKED)) == 0;
            int changed = seen | PENDING | (links ? LINKED : 0);
            if (EventChannels.compareAndSetWordVolatile(memory, word, seen, changed)) {
                return links;
            }
        }
        return false;
    }

    /**
     * Links a word to the next one, if the guest has not taken it off its list meanwhile.
     *
     * @return false if it has: the list is empty. True also if the guest does not let go of the word, which it may not
     */
    private boolean setLink(long word, int next) {
        int seen = EventChannels.wordAcquire(memory, word);
        if ((seen & LINKED) == 0) {
            return false;
        }
        if (EventChannels.compareAndSetWordVolatile(memory, word, seen, linked(seen, next))) {
            return true;
        }
        // A busy word may not be unmasked by the guest, which leaves it few changes to make.
        change(word, 0, BUSY);
        for (int i = 0; i < LINK_TRIES; i++) {
            seen = EventChannels.wordAcquire(memory, word);
            if ((seen & LINKED) == 0) {
                change(word, BUSY, 0);
                return false;
            }
            if (EventChannels.compareAndSetWordVolatile(memory, word, seen, linked(seen, next))) {
                return true;
            }
        }
        change(word, BUSY, 0);
        return true;
    }

    private static int linked(int word, int next) {
        return word & ~(BUSY | LINK) | next;
    }

    private void change(long word, int clear, int set) {
        for (int i = 0; i < TRIES; i++) {
            int seen = EventChannels.wordAcquire(memory, word);
            if (EventChannels.compareAndSetWordVolatile(memory, word, seen, seen & ~clear | set)) {
                return;
            }
        }
    }

    private synchronized boolean test(Port port, int bit) {
        long word = closed ? NONE : word(port.number());
        return word != NONE && (EventChannels.wordAcquire(memory, word) & bit) != 0;
    }

    @Override
    public void unmask(Port port) {
        synchronized (this) {
            long word = closed ? NONE : word(port.number());
            if (word == NONE) {
                return;
            }
            change(word, MASKED, 0);
        }
        if (test(port, PENDING)) {
            raise(port);
        }
    }

    /** The guest takes the port off its list and, finding nothing pending, goes on to the next. */
    @Override
    public synchronized void clear(Port port) {
        port.pending(false);
        long word = closed ? NONE : word(port.number());
        if (word != NONE) {
            change(word, PENDING, 0);
        }
    }

    @Override
    public boolean isPending(Port port) {
        return test(port, PENDING);
    }

    @Override
    public boolean isBusy(Port port) {
        return test(port, LINKED);
    }

    /** Gives the guest its pages back. Idempotent. */
    synchronized void close() {
        if (!closed) {
            closed = true;
            for (int i = 0; i < pageCount; i++) {
                guest.unpinWritable(pages[i]);
            }
            for (int vcpu = 0; vcpu < controls.length; vcpu++) {
                if (controls[vcpu] != NONE) {
                    guest.unpinWritable(controls[vcpu]);
                }
            }
        }
    }
}
