// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.evtchn;

import io.splitvisor.abi.evtchn.EventChannels;
import io.splitvisor.abi.evtchn.EvtchnFifoControlBlock;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.monitor.Guest;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * A guest's side of the FIFO ABI, one step at a time. Control blocks lie in frames from 1 on, one a vCPU, and pages of event
 * words in the frames after them.
 */
final class FifoGuest {
    static final int PENDING = 1 << EventChannels.FIFO_PENDING;
    static final int MASKED = 1 << EventChannels.FIFO_MASKED;
    static final int LINKED = 1 << EventChannels.FIFO_LINKED;
    static final int BUSY = 1 << EventChannels.FIFO_BUSY;
    static final int LINK = EventChannels.FIFO_LINK_MASK;

    private final Guest guest;
    private final io.splitvisor.monitor.evtchn.EventChannels events;
    private final int vcpus;
    private final int[][] heads;

    /** What is ready of each vCPU, taken from its control block and not served yet. */
    private final int[] ready;

    FifoGuest(Guest guest) {
        this.guest = guest;
        this.events = guest.domain().events();
        this.vcpus = guest.domain().vcpus();
        this.heads = new int[vcpus][EventChannels.FIFO_MAX_QUEUES];
        this.ready = new int[vcpus];
    }

    long controlFrame(int vcpu) {
        return 1 + vcpu;
    }

    long pageFrame(int page) {
        return 1 + vcpus + page;
    }

    /** Switches to the FIFO ABI, all vCPUs, with pages of words, masked or not. */
    FifoGuest start(int pages, boolean masked) {
        for (int vcpu = 0; vcpu < vcpus; vcpu++) {
            require(events.initControl(vcpu, controlFrame(vcpu), 0));
        }
        for (int page = 0; page < pages; page++) {
            addPage(page, masked);
        }
        return this;
    }

    void addPage(int page, boolean masked) {
        MemorySegment words = guest.memory().asSlice(pageFrame(page) * DomainLayout.PAGE_SIZE, DomainLayout.PAGE_SIZE);
        for (int i = 0; i < DomainLayout.PAGE_SIZE; i += Integer.BYTES) {
            words.set(ValueLayout.JAVA_INT, i, masked ? MASKED : 0);
        }
        require(events.expandArray(pageFrame(page)));
    }

    private static void require(int result) {
        if (result != 0) {
            throw new AssertionError("refused: " + result);
        }
    }

    long wordAt(int port) {
        return pageFrame(0) * DomainLayout.PAGE_SIZE + (long) port * Integer.BYTES;
    }

    int word(int port) {
        return EventChannels.wordAcquire(guest.memory(), wordAt(port));
    }

    void word(int port, int value) {
        guest.memory().set(ValueLayout.JAVA_INT, wordAt(port), value);
    }

    private int change(int port, int clear, int set) {
        while (true) {
            int seen = word(port);
            if (EventChannels.compareAndSetWordVolatile(guest.memory(), wordAt(port), seen, seen & ~clear | set)) {
                return seen;
            }
        }
    }

    void mask(int port) {
        change(port, 0, MASKED);
    }

    /** As Linux: clears the mask by itself, and asks the monitor only if an event waits. */
    void unmask(int port) {
        change(port, MASKED, 0);
        if ((word(port) & PENDING) != 0) {
            require(events.unmask(port));
        }
    }

    private long control(int vcpu) {
        return controlFrame(vcpu) * DomainLayout.PAGE_SIZE;
    }

    /** Whether queues are ready that the guest has not taken notice of. */
    boolean isAnnounced(int vcpu) {
        return EvtchnFifoControlBlock.readyAcquire(guest.memory(), control(vcpu)) != 0;
    }

    int readyBits(int vcpu) {
        return EvtchnFifoControlBlock.readyAcquire(guest.memory(), control(vcpu)) | ready[vcpu];
    }

    /** Takes one port off the lists of a vCPU, of the highest priority; 0 if there is none. Does not look whether it counts. */
    int next(int vcpu) {
        ready[vcpu] |= EvtchnFifoControlBlock.takeReadyVolatile(guest.memory(), control(vcpu));
        if (ready[vcpu] == 0) {
            return 0;
        }
        int queue = Integer.numberOfTrailingZeros(ready[vcpu]);
        int port = heads[vcpu][queue];
        if (port == 0) {
            port = EvtchnFifoControlBlock.headAcquire(guest.memory(), control(vcpu), queue);
        }
        int link = change(port, LINKED | LINK, 0) & LINK;
        heads[vcpu][queue] = link;
        if (link == 0) {
            ready[vcpu] &= ~(1 << queue);
        }
        return port;
    }

    /** Takes all events of a vCPU, in order. */
    List<Integer> take(int vcpu) {
        List<Integer> ports = new ArrayList<>();
        guest.takeUpcall(vcpu);
        for (int port = next(vcpu); port != 0; port = next(vcpu)) {
            if (takes(port)) {
                ports.add(port);
            }
        }
        return ports;
    }

    /** Whether a port off the list is to be handled; if so it is not pending any more. */
    boolean takes(int port) {
        if ((word(port) & (PENDING | MASKED)) != PENDING) {
            return false;
        }
        change(port, PENDING, 0);
        return true;
    }
}
