// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.event;

import io.splitvisor.abi.evtchn.EvtchnFifoControlBlock;
import io.splitvisor.domu.memory.GuestMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * The FIFO ABI: an event word for each port, in pages of this domain, which the monitor links into 16 queues of each vCPU.
 * A vCPU's heads, as far as it has got, belong to its upcall thread.
 */
final class FifoEvents implements EventAbi {
    private static final int PENDING = 1 << io.splitvisor.abi.evtchn.EventChannels.FIFO_PENDING;
    private static final int MASKED = 1 << io.splitvisor.abi.evtchn.EventChannels.FIFO_MASKED;
    private static final int LINKED = 1 << io.splitvisor.abi.evtchn.EventChannels.FIFO_LINKED;
    private static final int BUSY = 1 << io.splitvisor.abi.evtchn.EventChannels.FIFO_BUSY;
    private static final int LINK = io.splitvisor.abi.evtchn.EventChannels.FIFO_LINK_MASK;
    private static final int QUEUES = io.splitvisor.abi.evtchn.EventChannels.FIFO_MAX_QUEUES;
    private static final int WORDS_PER_PAGE = GuestMemory.PAGE_SIZE / Integer.BYTES;

    /** Ports served in one go: completed hypercalls want to be looked at, too. */
    private static final int SLICE = 64;

    private final GuestMemory guest;
    private final MemorySegment memory;
    private final EventChannels events;
    private final long[] controls;
    private final int[][] heads;
    private final int[] ready;

    /** Addresses of the pages of event words. Replaced, never changed, with the lock of this object. */
    private volatile long[] pages = {};

    private FifoEvents(GuestMemory guest, EventChannels events, int vcpus) {
        this.guest = guest;
        this.memory = guest.segment();
        this.events = events;
        this.controls = new long[vcpus];
        this.heads = new int[vcpus][QUEUES];
        this.ready = new int[vcpus];
    }

    /** Changes over to this ABI, with all ports masked; null if the monitor does not know it. */
    static FifoEvents start(GuestMemory guest, EventChannels events, Vcpu... vcpus) {
        FifoEvents fifo = new FifoEvents(guest, events, vcpus.length);
        for (Vcpu vcpu : vcpus) {
            int frame = guest.allocate();
            int result = events.hypercalls().evtchnInitControl(vcpu.id(), frame, 0);
            if (result < 0 && vcpu == vcpus[0]) {
                guest.free(frame, 1);
                return null;
            }
            require("init_control of vCPU " + vcpu.id(), result);
            fifo.controls[vcpu.id()] = GuestMemory.address(frame);
        }
        fifo.prepare(0);
        return fifo;
    }

    private static void require(String operation, int result) {
        if (result < 0) {
            throw new EventChannels.EventChannelException(operation, result);
        }
    }

    @Override
    public int ports() {
        return io.splitvisor.abi.evtchn.EventChannels.FIFO_NR_CHANNELS;
    }

    @Override
    public void prepare(int port) {
        word(port);
    }

    /** Address of a port's event word. */
    private long word(int port) {
        int page = port / WORDS_PER_PAGE;
        long[] now = pages;
        return (page < now.length ? now[page] : expand(page)) + (long) (port % WORDS_PER_PAGE) * Integer.BYTES;
    }

    private synchronized long expand(int page) {
        while (pages.length <= page) {
            int frame = guest.allocate();
            MemorySegment words = guest.page(frame);
            for (int i = 0; i < GuestMemory.PAGE_SIZE; i += Integer.BYTES) {
                words.set(ValueLayout.JAVA_INT, i, MASKED);
            }
            require("expand_array", events.hypercalls().evtchnExpandArray(frame));
            long[] more = Arrays.copyOf(pages, pages.length + 1);
            more[pages.length] = GuestMemory.address(frame);
            pages = more;
        }
        return pages[page];
    }

    private int read(long word) {
        return io.splitvisor.abi.evtchn.EventChannels.wordAcquire(memory, word);
    }

    private boolean exchange(long word, int seen, int changed) {
        return io.splitvisor.abi.evtchn.EventChannels.compareAndSetWordVolatile(memory, word, seen, changed);
    }

    /** Clears and sets bits; returns the word as it was. */
    private int change(long word, int clear, int set) {
        while (true) {
            int seen = read(word);
            if (exchange(word, seen, seen & ~clear | set)) {
                return seen;
            }
        }
    }

    @Override
    public void mask(int port) {
        change(word(port), 0, MASKED);
    }

    @Override
    public void unmask(int port) {
        long word = word(port);
        while (true) {
            // A word that is busy is just being linked, and not to be unmasked before.
            int seen = read(word) & ~BUSY;
            if (exchange(word, seen, seen & ~MASKED)) {
                if ((seen & PENDING) != 0) {
                    events.hypercalls().evtchnUnmask(port);
                }
                return;
            }
            Thread.onSpinWait();
        }
    }

    @Override
    public boolean isPending(int port) {
        return (read(word(port)) & PENDING) != 0;
    }

    @Override
    public boolean takePending(int port) {
        return (change(word(port), PENDING, 0) & PENDING) != 0;
    }

    @Override
    public boolean isUnfinished(int vcpu) {
        return ready[vcpu] != 0;
    }

    @Override
    public void deliver(Vcpu vcpu, EventChannels called) {
        int id = vcpu.id();
        long control = controls[id];
        for (int served = 0; served < SLICE; served++) {
            ready[id] |= EvtchnFifoControlBlock.takeReadyVolatile(memory, control);
            if (ready[id] == 0) {
                return;
            }
            int queue = Integer.numberOfTrailingZeros(ready[id]);
            int port = takeFirst(id, control, queue);
            if (port != 0 && (read(word(port)) & (PENDING | MASKED)) == PENDING && !called.call(port, vcpu)) {
                // It moved while it stood in this vCPU's queue; the monitor puts it into the right one.
                events.hypercalls().evtchnUnmask(port);
            }
        }
    }

    /** Takes the first port off a queue that is ready. */
    private int takeFirst(int id, long control, int queue) {
        int port = heads[id][queue];
        if (port == 0) {
            port = EvtchnFifoControlBlock.headAcquire(memory, control, queue) & LINK;
        }
        int next = change(word(port), LINKED | LINK, 0) & LINK;
        heads[id][queue] = next;
        if (next == 0) {
            ready[id] &= ~(1 << queue);
        }
        return port;
    }
}
