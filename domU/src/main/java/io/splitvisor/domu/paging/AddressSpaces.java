// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.paging;

import io.splitvisor.abi.paging.MonitorHeader;
import io.splitvisor.abi.paging.PagingCounter;
import io.splitvisor.abi.paging.PagingMode;
import io.splitvisor.domu.memory.GuestMemory;
import io.splitvisor.domu.memory.GuestMemory.OutOfGuestMemoryException;
import io.splitvisor.hypercall.HypercallBatch;
import io.splitvisor.hypercall.HypercallRing;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.BitSet;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntConsumer;
import java.util.function.IntFunction;

/**
 * A guest's memory management: frames of its own, address spaces over them, and a processor for each vCPU that touches memory
 * through its MMU. All of it works alike in every paging mode that a domain's configuration can name, and in none.
 *
 * <p>Thread-safe; a {@link Processor} belongs to one thread at a time.
 */
public final class AddressSpaces {
    private static final int PCIDS = 4096;
    private static final int SPARE_TABLES = 256;
    private static final int TURNS_BEFORE_YIELD = 100;
    private static final Set<PagingCounter> REQUESTS = EnumSet.of(
            PagingCounter.FAULTS,
            PagingCounter.WRITES,
            PagingCounter.INVLPGS,
            PagingCounter.CR3_LOADS,
            PagingCounter.EPT_VIOLATIONS,
            PagingCounter.MMU_UPDATE_CALLS,
            PagingCounter.VA_UPDATES,
            PagingCounter.MMUEXT_CALLS);

    private final GuestMemory memory;
    private final MemorySegment monitor;
    private final IntFunction<HypercallRing> rings;
    private final PagingMode mode;
    private final PagingOptions options;
    private final Machine machine;
    private final PageAllocator frames;
    private final KernelMap kernel;
    private final Processor[] processors;
    private final Shootdown shootdown;
    private final ReentrantLock lock = new ReentrantLock();
    private final BitSet pcids = new BitSet();
    private Swap swap;
    private boolean rootRegistered;

    /** Tables that are free: empty, and mapped for the kernel as tables have to be. */
    private final int[] spares = new int[SPARE_TABLES];

    private int spareCount;

    /**
     * Takes over some of a guest's memory.
     *
     * @param memory guest-physical memory
     * @param monitor the monitor memfd, whose header names the mode
     * @param rings the hypercall ring of each vCPU
     * @param options how much, and how it is to work
     */
    public AddressSpaces(
            GuestMemory memory, MemorySegment monitor, IntFunction<HypercallRing> rings, PagingOptions options) {
        this.memory = memory;
        this.monitor = monitor;
        this.rings = rings;
        this.mode = MonitorHeader.mode(monitor);
        this.options = options;
        this.shootdown = new Shootdown(this, options.shootdown());
        this.machine = new Machine(monitor);
        this.frames = new PageAllocator(memory.allocate(options.pages()), options.pages());
        this.processors = new Processor[memory.layout().vcpus()];
        this.kernel = new KernelMap(memory, machine, this::allocate, mode == PagingMode.REGISTERED);
        pcids.set(0);
    }

    private int allocate() {
        return allocate(0);
    }

    /** The domain's paging mode. */
    public PagingMode mode() {
        return mode;
    }

    /** Frames that are free. */
    public int freeFrames() {
        lock.lock();
        try {
            return frames.free() + spareCount;
        } finally {
            lock.unlock();
        }
    }

    /**
     * The processor of a vCPU. The first call makes it: it runs in no address space, and touches memory as user mode.
     *
     * @param vcpu whose ring its traps and hypercalls take
     */
    public Processor processor(int vcpu) {
        lock.lock();
        try {
            if (processors[vcpu] == null) {
                processors[vcpu] = new Processor(this, vcpu);
                processors[vcpu].start();
            }
            return processors[vcpu];
        } finally {
            lock.unlock();
        }
    }

    /** A new address space, with nothing mapped. */
    public AddressSpace create(Processor cpu) {
        try (Gather gather = cpu.gather().open(null)) {
            return create(gather);
        }
    }

    AddressSpace create(Gather gather) {
        Processor cpu = gather.processor();
        int root = newTable(cpu);
        cpu.updates().set(KernelMap.rootEntry(root), cpu.updates().get(KernelMap.rootEntry(kernel.root())));
        cpu.updates().set(SelfMap.rootEntry(root), SelfMap.leadTo(root));
        cpu.updates().register(root);
        int pcid = pcids.nextClearBit(1);
        if (pcid >= PCIDS) {
            throw new IllegalStateException("there are " + PCIDS + " address spaces");
        }
        pcids.set(pcid);
        return new AddressSpace(this, root, pcid);
    }

    void dispose(Gather gather, AddressSpace space) {
        int root = space.tables().root();
        for (Processor processor : processors) {
            if (processor != null) {
                processor.forgetSpace(space);
            }
        }
        gather.settle();
        gather.processor().updates().unregister(root);
        gather.processor().updates().set(KernelMap.rootEntry(root), 0);
        gather.processor().updates().set(SelfMap.rootEntry(root), 0);
        gather.freeTable(root);
        pcids.clear(space.pcid());
    }

    /** What pages are swapped to; to be set before anything is swapped. */
    public void swapTo(SwapDevice device) {
        lock.lock();
        try {
            swap = new Swap(device);
        } finally {
            lock.unlock();
        }
    }

    Swap swap() {
        if (swap == null) {
            throw new IllegalStateException("there is no swap device");
        }
        return swap;
    }

    /** An empty table. Those that have been one before are still as a table has to be, and cost nothing. */
    int newTable(Processor cpu) {
        if (spareCount > 0) {
            return spares[--spareCount];
        }
        int frame = allocate(0);
        cpu.kernel().zero(frame, 1);
        cpu.updates().adopt(frame);
        return frame;
    }

    /** A table that is empty and that no TLB knows. */
    void freeTable(Processor cpu, int table) {
        if (spareCount < spares.length) {
            spares[spareCount++] = table;
        } else {
            cpu.updates().disown(table);
            frames.release(table);
        }
    }

    /** A block of frames, in whatever state, for a processor that is in the kernel. */
    int allocate(Processor cpu, int order) {
        int frame = frames.allocate(order);
        if (frame == PageAllocator.NONE && spareCount > 0) {
            while (spareCount > 0) {
                spareCount--;
                cpu.updates().disown(spares[spareCount]);
                frames.release(spares[spareCount]);
            }
            frame = frames.allocate(order);
        }
        return check(frame, order);
    }

    private int allocate(int order) {
        return check(frames.allocate(order), order);
    }

    private int check(int frame, int order) {
        if (frame == PageAllocator.NONE) {
            throw new OutOfGuestMemoryException(1 << order, frames.free());
        }
        return frame;
    }

    PageAllocator frames() {
        return frames;
    }

    Machine machine() {
        return machine;
    }

    KernelMap kernel() {
        return kernel;
    }

    GuestMemory memory() {
        return memory;
    }

    MemorySegment monitor() {
        return monitor;
    }

    Shootdown shootdown() {
        return shootdown;
    }

    Processor[] processors() {
        return processors;
    }

    /** How processors are interrupted: by default they are told directly, which takes no event. */
    public void interruptBy(IntConsumer vcpu) {
        shootdown.signal(to -> vcpu.accept(to.vcpu()));
    }

    /**
     * A vCPU has got an upcall, whatever for: its processor looks what the monitor asks of it. Who chooses {@link
     * ShootdownBy#HYPERCALL} has this called; any thread.
     */
    public void upcall(int vcpu) {
        Processor processor = processors[vcpu];
        if (processor != null) {
            processor.interrupt();
        }
    }

    /** Traps and hypercalls about memory so far, of all processors, as the monitor has counted them. */
    public long requests() {
        long sum = 0;
        for (PagingCounter counter : REQUESTS) {
            sum += MonitorHeader.counter(monitor, counter);
        }
        return sum;
    }

    /** Interrupts between processors so far. */
    public long interrupts() {
        return shootdown.interrupts();
    }

    /** Hypercalls made to flush other processors' TLBs so far. */
    public long flushCalls() {
        return shootdown.calls();
    }

    PagingOptions options() {
        return options;
    }

    TableUpdates newUpdates(Processor cpu) {
        if (mode != PagingMode.REGISTERED) {
            return new StoredUpdates(cpu, newBatch(cpu.vcpu(), 1), options.waiting());
        }
        int pages = (RegisteredUpdates.BUFFER_BYTES + GuestMemory.PAGE_SIZE - 1) / GuestMemory.PAGE_SIZE;
        long buffer = GuestMemory.address(memory.allocate(pages));
        return new RegisteredUpdates(
                cpu, machine, kernel, memory.segment(), calls -> newBatch(cpu.vcpu(), calls), buffer, options);
    }

    HypercallBatch newBatch(int vcpu, int capacity) {
        int bytes = capacity * HypercallBatch.ARGUMENT_BYTES;
        int frame = memory.allocate((bytes + GuestMemory.PAGE_SIZE - 1) / GuestMemory.PAGE_SIZE);
        return new HypercallBatch(rings.apply(vcpu), capacity, memory.segment(), GuestMemory.address(frame));
    }

    /** Has the monitor know the kernel's own root, once. */
    void registerRoot(Processor cpu) {
        if (!rootRegistered) {
            cpu.updates().register(kernel.root());
            rootRegistered = true;
        }
    }

    /** Takes the one lock. A processor that waits for it goes on answering shootdowns. */
    void lock(Processor cpu) {
        for (int turn = 0; !lock.tryLock(); turn++) {
            cpu.attend();
            if (turn % TURNS_BEFORE_YIELD == TURNS_BEFORE_YIELD - 1) {
                Thread.yield();
            } else {
                Thread.onSpinWait();
            }
        }
    }

    void unlock() {
        lock.unlock();
    }

    @Override
    public String toString() {
        return mode.word() + " paging, " + frames.frames() + " frames, processors "
                + Arrays.stream(processors).filter(p -> p != null).count();
    }
}
