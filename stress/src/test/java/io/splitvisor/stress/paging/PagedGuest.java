// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.stress.paging;

import io.splitvisor.abi.SharedInfo;
import io.splitvisor.abi.VcpuInfo;
import io.splitvisor.abi.paging.MonitorHeader;
import io.splitvisor.abi.paging.PagingCounter;
import io.splitvisor.abi.paging.PagingMode;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.domu.memory.GuestMemory;
import io.splitvisor.domu.paging.AddressSpaces;
import io.splitvisor.domu.paging.PagingOptions;
import io.splitvisor.domu.paging.ShootdownBy;
import io.splitvisor.domu.paging.VirtualMemory;
import io.splitvisor.hypercall.HypercallBatch;
import io.splitvisor.hypercall.HypercallWait;
import io.splitvisor.hypercall.UpcallSleep;
import io.splitvisor.monitor.Domain;
import io.splitvisor.monitor.Monitor;
import io.splitvisor.monitor.hypercall.HypercallRing;
import io.splitvisor.monitor.hypercall.HypercallTable;
import io.splitvisor.monitor.paging.PagingConfig;
import io.splitvisor.stress.monitor.InProcess;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * A guest's memory management over the real monitor, through real hypercall rings, on one thread: whoever waits for a
 * hypercall serves the rings himself. How much the monitor does in a turn is random.
 */
final class PagedGuest implements AutoCloseable {
    private static final int RAM_PAGES = 16384;
    private static final int LONGEST_SLICE = 48;

    final Domain domain;
    final GuestMemory memory;
    final AddressSpaces spaces;
    private final Monitor monitor;
    private final io.splitvisor.hypercall.HypercallRing[] fronts;
    private final List<HypercallRing> rings = new ArrayList<>();
    private volatile Thread server;
    private volatile boolean stopped;

    /**
     * @param pages frames for address spaces and their tables
     * @param slices seed of the lengths of the monitor's turns
     */
    PagedGuest(PagingMode mode, int vcpus, int pages, long slices) {
        this(mode, vcpus, slices, options(pages), false);
    }

    PagedGuest(PagingMode mode, int vcpus, long slices, PagingOptions options, boolean trapEveryWrite) {
        Random random = new Random(slices);
        monitor = InProcess.monitor();
        DomainLayout layout = new DomainLayout(RAM_PAGES, 2, vcpus);
        PagingConfig usual = PagingConfig.of(mode, layout);
        domain = monitor.create(layout, RAM_PAGES, new PagingConfig(mode, usual.poolPages(), trapEveryWrite));
        HypercallTable table = new HypercallTable(monitor);
        memory = new GuestMemory(domain.memory().segment(), layout);
        fronts = new io.splitvisor.hypercall.HypercallRing[vcpus];
        for (int vcpu = 0; vcpu < vcpus; vcpu++) {
            rings.add(new HypercallRing(domain, vcpu, table, () -> 1 + random.nextInt(LONGEST_SLICE)));
            fronts[vcpu] = InProcess.hypercalls(domain, memory, vcpu, new ServesItself());
            domain.scheduling(vcpu).initialise();
            domain.scheduling(vcpu).up();
        }
        spaces = new AddressSpaces(memory, domain.monitorPages().segment(), vcpu -> fronts[vcpu], options);
    }

    /** The usual options of a guest on one thread. */
    static PagingOptions options(int pages) {
        return new PagingOptions(pages, true, HypercallWait.SLEEP, ShootdownBy.INTERRUPT);
    }

    /** A batch of calls of the first vCPU. */
    HypercallBatch newBatch(int capacity) {
        int pages = capacity * HypercallBatch.ARGUMENT_BYTES / GuestMemory.PAGE_SIZE + 1;
        return new HypercallBatch(fronts[0], capacity, memory.segment(), GuestMemory.address(memory.allocate(pages)));
    }

    /** The memory of the first vCPU, for a processor of its own. */
    VirtualMemory virtualMemory() {
        return VirtualMemory.of(memory, domain.monitorPages().segment(), 0, newBatch(1), HypercallWait.SLEEP);
    }

    /** What the monitor has counted. */
    long counter(PagingCounter counter) {
        return MonitorHeader.counter(domain.monitorPages().segment(), counter);
    }

    /** From now on a thread of its own serves the rings, as Dom0's loop would: for guests of several threads. */
    PagedGuest served() {
        server = Thread.ofPlatform().daemon().name("hypercalls").start(() -> {
            while (!stopped) {
                int moved = 0;
                for (int vcpu = 0; vcpu < rings.size(); vcpu++) {
                    moved += rings.get(vcpu).serve();
                    deliver(vcpu);
                }
                if (moved == 0) {
                    Thread.yield();
                }
            }
        });
        return this;
    }

    /** What the upcall thread of a vCPU would do. */
    private void deliver(int vcpu) {
        MemorySegment page = domain.memory().page(domain.memory().layout().sharedInfo());
        long info = SharedInfo.vcpuInfo(0, vcpu);
        if (VcpuInfo.isUpcallPendingAcquire(page, info)) {
            VcpuInfo.clearUpcallPendingVolatile(page, info);
            spaces.upcall(vcpu);
        }
    }

    @Override
    public void close() {
        stopped = true;
        try {
            if (server != null) {
                server.join();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        monitor.destroy(domain);
    }

    /** To sleep until there is an answer is to make it. */
    private final class ServesItself implements UpcallSleep {
        @Override
        public boolean isOwner() {
            return true;
        }

        @Override
        public void arm() {}

        @Override
        public void sleep(int millis) {
            if (server != null) {
                Thread.yield();
                return;
            }
            for (HypercallRing ring : rings) {
                ring.serve();
            }
        }

        @Override
        public void disarm() {}
    }
}
