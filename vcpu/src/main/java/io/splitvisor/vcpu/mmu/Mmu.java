// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.mmu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Typed access to guest memory by linear address. A hit in the TLB costs one compare; the rest happens in the slow path.
 *
 * <p>Loads and stores of 8, 16, 32 and 64 bits are little-endian and zero-extended. They throw {@link GuestFault} before
 * they have changed anything. Not thread-safe: one MMU belongs to one processor.
 */
public final class Mmu {
    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final long PAGE = -4096L;

    private final MemorySegment ram;
    private final Paging paging;
    private final GuestFault fault = new GuestFault();
    private final Tlb tlb = new Tlb();
    private final Misses misses;
    private final Atomics atomics;

    private int bank;
    private long[] table;
    private boolean shared;
    private Processors.Place place;

    /**
     * @param memory guest-physical memory
     * @param paging how misses are translated
     * @param events devices and code watching
     */
    public Mmu(GuestMemory memory, Paging paging, MmuEvents events) {
        this.ram = memory.ram();
        this.paging = paging;
        this.misses = new Misses(this, memory, events);
        this.atomics = new Atomics(this);
        bank(Tlb.SUPERVISOR);
    }

    /** The TLB, for flushes and for code that looks it up by itself. */
    public Tlb tlb() {
        return tlb;
    }

    /** The fault that every access of this MMU throws. */
    public GuestFault fault() {
        return fault;
    }

    /** Guest RAM. */
    public MemorySegment ram() {
        return ram;
    }

    /** Chooses whose rights the following accesses have: one of {@link Tlb}'s banks. */
    public void bank(int newBank) {
        this.bank = newBank;
        this.table = tlb.bank(newBank);
    }

    /** The bank in force. */
    public int bank() {
        return bank;
    }

    /** #AC if misaligned accesses fault, and an operand is one that is accessed in pieces. */
    public void requireAlignment(long a, int alignment) {
        misses.requireAlignment(a, alignment);
    }

    /** Whether misaligned accesses fault. */
    public boolean checksAlignment() {
        return bank == Tlb.USER_ALIGNED;
    }

    /** The state of the TLB, as far as what was found through it depends on it. */
    public long context() {
        return tlb.epoch() << 2 | bank;
    }

    /** Page faults raised so far. */
    public long faults() {
        return misses.faults();
    }

    /** How misses are translated. */
    public Paging paging() {
        return paging;
    }

    /** Flushes what others have taken away: to be called at safe points, where the processor could take an interrupt. */
    public void settle() {
        paging.settle(tlb);
    }

    /** INVLPG: the page that holds an address is looked up again. */
    public void invalidate(long a) {
        tlb.flushPage(a);
        paging.invalidate(a);
    }

    /** MOV to CR3 without PCIDs: all translations but global ones are looked up again. */
    public void loadRoot(long cr3) {
        paging.root(cr3);
        tlb.flushLocal();
    }

    /**
     * MOV to CR3 with CR4.PCIDE set.
     *
     * @param keep bit 63 of what was moved: translations that this PCID has still hold
     */
    public void loadRoot(long cr3, int pcid, boolean keep) {
        paging.root(cr3);
        select(pcid, keep);
    }

    /** {@link #loadRoot(long, int, boolean)} where the root was loaded by other means. */
    public void select(int pcid, boolean keep) {
        tlb.select(pcid, keep);
        bank(bank);
    }

    /** New control registers: everything is looked up again. */
    public void controls(PagingControls controls) {
        paging.controls(controls);
        tlb.flush();
    }

    /** Reports accesses to somebody; null ends it. */
    public void watch(DataWatch newWatch) {
        misses.watch(newWatch);
        tlb.flush();
    }

    /** Whether addresses must be canonical (long mode) or are known to have 32 bits. */
    public void checkCanonical(boolean check) {
        misses.checkCanonical(check);
    }

    /** Loads a byte. */
    public long load8(long a) {
        long[] t = table;
        int slot = Tlb.slot(a);
        return t[slot] == (a & PAGE) ? ordered(ram.get(BYTE, a + t[slot + Tlb.ADDEND]) & 0xff) : misses.load(a, 1);
    }

    /** Loads two bytes. */
    public long load16(long a) {
        long[] t = table;
        int slot = Tlb.slot(a);
        return t[slot] == ((a + 1) & PAGE)
                ? ordered(ram.get(SHORT, a + t[slot + Tlb.ADDEND]) & 0xffff)
                : misses.load(a, 2);
    }

    /** Loads four bytes. */
    public long load32(long a) {
        long[] t = table;
        int slot = Tlb.slot(a);
        return t[slot] == ((a + 3) & PAGE)
                ? ordered(ram.get(INT, a + t[slot + Tlb.ADDEND]) & 0xffff_ffffL)
                : misses.load(a, 4);
    }

    /** Loads eight bytes. */
    public long load64(long a) {
        long[] t = table;
        int slot = Tlb.slot(a);
        return t[slot] == ((a + 7) & PAGE) ? ordered(ram.get(LONG, a + t[slot + Tlb.ADDEND])) : misses.load(a, 8);
    }

    /** x86 keeps loads in order, and later stores behind them. The fence costs no instruction on x86 hosts. */
    long ordered(long loaded) {
        if (shared) {
            VarHandle.acquireFence();
        }
        return loaded;
    }

    /** x86 keeps stores in order, and behind earlier loads. */
    void beforeStore() {
        if (shared) {
            VarHandle.releaseFence();
        }
    }

    /** What waits in the store buffer becomes visible to others: MFENCE and everything that implies it. */
    public void fence() {
        if (shared) {
            VarHandle.fullFence();
        }
    }

    /** Whether other processors look at this memory. */
    public boolean shared() {
        return shared;
    }

    /** Other processors look at this memory from now on. */
    public void share() {
        shared = true;
    }

    Processors.Place place() {
        return place;
    }

    /** This processor among those that share its memory. */
    public void place(Processors.Place newPlace) {
        this.place = newPlace;
    }

    /** Loads 1, 2, 4 or 8 bytes. */
    public long load(long a, int size) {
        return switch (size) {
            case 1 -> load8(a);
            case 2 -> load16(a);
            case 4 -> load32(a);
            default -> load64(a);
        };
    }

    /** Stores the low byte. */
    public void store8(long a, long v) {
        long[] t = table;
        int slot = Tlb.slot(a);
        if (t[slot + Tlb.WRITE] == (a & PAGE)) {
            beforeStore();
            ram.set(BYTE, a + t[slot + Tlb.ADDEND], (byte) v);
        } else {
            misses.store(a, 1, v);
        }
    }

    /** Stores the low two bytes. */
    public void store16(long a, long v) {
        long[] t = table;
        int slot = Tlb.slot(a);
        if (t[slot + Tlb.WRITE] == ((a + 1) & PAGE)) {
            beforeStore();
            ram.set(SHORT, a + t[slot + Tlb.ADDEND], (short) v);
        } else {
            misses.store(a, 2, v);
        }
    }

    /** Stores the low four bytes. */
    public void store32(long a, long v) {
        long[] t = table;
        int slot = Tlb.slot(a);
        if (t[slot + Tlb.WRITE] == ((a + 3) & PAGE)) {
            beforeStore();
            ram.set(INT, a + t[slot + Tlb.ADDEND], (int) v);
        } else {
            misses.store(a, 4, v);
        }
    }

    /** Stores eight bytes. */
    public void store64(long a, long v) {
        long[] t = table;
        int slot = Tlb.slot(a);
        if (t[slot + Tlb.WRITE] == ((a + 7) & PAGE)) {
            beforeStore();
            ram.set(LONG, a + t[slot + Tlb.ADDEND], v);
        } else {
            misses.store(a, 8, v);
        }
    }

    /** Stores the low 1, 2, 4 or 8 bytes. */
    public void store(long a, int size, long v) {
        switch (size) {
            case 1 -> store8(a, v);
            case 2 -> store16(a, v);
            case 4 -> store32(a, v);
            default -> store64(a, v);
        }
    }

    /**
     * Loads what the same instruction will store back: faults as the store would, and settles code rewriting, so that
     * the store cannot fault unless it goes to a device.
     */
    public long loadForStore(long a, int size) {
        int slot = Tlb.slot(a);
        if (table[slot + Tlb.WRITE] != ((a + size - 1) & PAGE)) {
            misses.probeStore(a, size);
        }
        return load(a, size);
    }

    /** An access of the processor itself (descriptors, task state), made with supervisor rights whatever the ring. */
    public long loadSystem(long a, int size) {
        int saved = bank;
        bank(Tlb.SUPERVISOR);
        try {
            return load(a, size);
        } finally {
            bank(saved);
        }
    }

    /** As {@link #loadSystem}. */
    public void storeSystem(long a, int size, long v) {
        int saved = bank;
        bank(Tlb.SUPERVISOR);
        try {
            store(a, size, v);
        } finally {
            bank(saved);
        }
    }

    /** As {@link #probeStore}, with supervisor rights whatever the ring. */
    public void probeSystemStore(long a, int size) {
        int saved = bank;
        bank(Tlb.SUPERVISOR);
        try {
            probeStore(a, size);
        } finally {
            bank(saved);
        }
    }

    /**
     * Translates for an instruction fetch.
     *
     * @return the offset in guest RAM of the byte at {@code a}, or -1 if no memory is there
     */
    public long fetch(long a) {
        int slot = Tlb.slot(a);
        long[] t = table;
        return t[slot + Tlb.EXECUTE] == (a & PAGE) ? a + t[slot + Tlb.ADDEND] : misses.resolve(a, Tlb.EXECUTE);
    }

    /**
     * Translates for bulk access to part of a page.
     *
     * @return the offset in guest RAM of the byte at {@code a} if stores there need nobody's attention, else -1
     */
    public long bulkStore(long a) {
        int slot = Tlb.slot(a);
        return table[slot + Tlb.WRITE] == (a & PAGE) ? a + table[slot + Tlb.ADDEND] : -1;
    }

    /** As {@link #bulkStore} for loads. */
    public long bulkLoad(long a) {
        int slot = Tlb.slot(a);
        return table[slot] == (a & PAGE) ? a + table[slot + Tlb.ADDEND] : -1;
    }

    Misses misses() {
        return misses;
    }

    /** Atomic access. */
    public Atomics atomics() {
        return atomics;
    }

    /** Faults as a store would, without storing. Any size up to a page. */
    public void probeStore(long a, int size) {
        misses.probeStore(a, size);
    }

    /** Faults as a load would, without loading. Any size up to a page. */
    public void probeLoad(long a, int size) {
        misses.probeLoad(a, size);
    }

    /**
     * Translates for a debugger: rights do not count, and nothing is filled.
     *
     * @return the offset in guest RAM, or -1 if no memory is there
     */
    public long peekAddress(long a) {
        return misses.peekAddress(a);
    }

    /** Reports every later store to the page of RAM that holds {@code offset} to {@link MmuEvents#codeWrite}. */
    public void watchCode(long offset) {
        misses.watchCode(offset);
    }

    /** Ends {@link #watchCode} for a page. */
    public void unwatchCode(long offset) {
        misses.unwatchCode(offset);
    }
}
