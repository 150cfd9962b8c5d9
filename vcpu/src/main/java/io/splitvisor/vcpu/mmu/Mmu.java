// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.mmu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.function.BooleanSupplier;

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
    /** For atomic access to what holds an operand; RAM starts at a page. */
    private static final VarHandle WORD =
            ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

    private static final long PAGE = -4096L;
    /** No memory: a device, at {@link #deviceAddress}. */
    private static final long NO_MEMORY = -1;
    /** Memory, but the paging mode makes this store. */
    private static final long EMULATED = -2;

    private static final int ALIGNMENT_CHECK = 17;

    private final GuestMemory memory;
    private final MemorySegment ram;
    private final MmuEvents events;
    private final Paging paging;
    private final Paging.Mapping mapping = new Paging.Mapping();
    private final GuestFault fault = new GuestFault();
    private final Tlb tlb = new Tlb();
    /** Per page of RAM: whether it holds decoded code. */
    private final long[] codePages;

    private int bank;
    private long[] table;
    private boolean checkCanonical;
    private DataWatch watch;
    private boolean shared;
    private Processors.Place place;
    /** Where the last {@link #resolve} led, if not to memory. */
    private long deviceAddress;

    private long faults;

    /**
     * @param memory guest-physical memory
     * @param paging how misses are translated
     * @param events devices and code watching
     */
    public Mmu(GuestMemory memory, Paging paging, MmuEvents events) {
        this.memory = memory;
        this.ram = memory.ram();
        this.paging = paging;
        this.events = events;
        this.codePages = new long[(int) ((ram.byteSize() >>> 18) + 1)];
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

    /** Page faults raised so far. */
    public long faults() {
        return faults;
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
        this.watch = newWatch;
        tlb.flush();
    }

    /** Whether addresses must be canonical (long mode) or are known to have 32 bits. */
    public void checkCanonical(boolean check) {
        this.checkCanonical = check;
    }

    /** Loads a byte. */
    public long load8(long a) {
        long[] t = table;
        int slot = Tlb.slot(a);
        return t[slot] == (a & PAGE) ? ordered(ram.get(BYTE, a + t[slot + Tlb.ADDEND]) & 0xff) : loadSlow(a, 1);
    }

    /** Loads two bytes. */
    public long load16(long a) {
        long[] t = table;
        int slot = Tlb.slot(a);
        return t[slot] == ((a + 1) & PAGE)
                ? ordered(ram.get(SHORT, a + t[slot + Tlb.ADDEND]) & 0xffff)
                : loadSlow(a, 2);
    }

    /** Loads four bytes. */
    public long load32(long a) {
        long[] t = table;
        int slot = Tlb.slot(a);
        return t[slot] == ((a + 3) & PAGE)
                ? ordered(ram.get(INT, a + t[slot + Tlb.ADDEND]) & 0xffff_ffffL)
                : loadSlow(a, 4);
    }

    /** Loads eight bytes. */
    public long load64(long a) {
        long[] t = table;
        int slot = Tlb.slot(a);
        return t[slot] == ((a + 7) & PAGE) ? ordered(ram.get(LONG, a + t[slot + Tlb.ADDEND])) : loadSlow(a, 8);
    }

    /** x86 keeps loads in order, and later stores behind them. The fence costs no instruction on x86 hosts. */
    private long ordered(long loaded) {
        if (shared) {
            VarHandle.acquireFence();
        }
        return loaded;
    }

    /** x86 keeps stores in order, and behind earlier loads. */
    private void beforeStore() {
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

    /** This processor among those that share its memory. */
    public void place(Processors.Place newPlace) {
        this.place = newPlace;
    }

    /**
     * The second half of a locked instruction: stores if nobody else has stored since {@link #loadForStore}. It is
     * atomic whatever the alignment: a word of the host's that holds all bytes is swapped, or else nobody else runs.
     *
     * @param expected what was loaded
     * @return whether it stored
     */
    public boolean compareAndSet(long a, int size, long expected, long value) {
        if (!shared) {
            store(a, size, value);
            return true;
        }
        int slot = Tlb.slot(a);
        long offset = a + table[slot + Tlb.ADDEND];
        boolean hit = table[slot + Tlb.WRITE] == ((a + size - 1) & PAGE);
        if (hit && (offset & 7) + size <= 8) {
            return swapWithin(offset, size, expected, value);
        }
        return exclusively(() -> {
            boolean same = load(a, size) == (expected & -1L >>> 64 - 8 * size);
            if (same) {
                store(a, size, value);
            }
            return same;
        });
    }

    /** Does something while no other processor runs. */
    public boolean exclusively(BooleanSupplier action) {
        return shared ? place.exclusively(action) : action.getAsBoolean();
    }

    private boolean swapWithin(long offset, int size, long expected, long value) {
        long word = offset & -8;
        int shift = (int) (offset - word) * 8;
        long mask = -1L >>> 64 - 8 * size << shift;
        while (true) {
            long old = (long) WORD.getVolatile(ram, word);
            if ((old & mask) != (expected << shift & mask)) {
                return false;
            }
            if (WORD.compareAndSet(ram, word, old, (old & ~mask) | (value << shift & mask))) {
                return true;
            }
        }
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
            storeSlow(a, 1, v);
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
            storeSlow(a, 2, v);
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
            storeSlow(a, 4, v);
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
            storeSlow(a, 8, v);
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
            probeStore(a, size);
        }
        return load(a, size);
    }

    /** Faults as a store would, without storing. Any size up to a page. */
    public void probeStore(long a, int size) {
        int first = firstPart(a, size);
        long at = resolve(a, Tlb.WRITE);
        if (first < size) {
            long next = resolve(a + first, Tlb.WRITE);
            announce(next, size - first);
        }
        announce(at, first);
    }

    /** Faults as a load would, without loading. Any size up to a page. */
    public void probeLoad(long a, int size) {
        int first = firstPart(a, size);
        resolve(a, Tlb.READ);
        if (first < size) {
            resolve(a + first, Tlb.READ);
        }
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
        return t[slot + Tlb.EXECUTE] == (a & PAGE) ? a + t[slot + Tlb.ADDEND] : resolve(a, Tlb.EXECUTE);
    }

    /**
     * Translates for a debugger: rights do not count, and nothing is filled.
     *
     * @return the offset in guest RAM, or -1 if no memory is there
     */
    public long peekAddress(long a) {
        boolean canonical = !checkCanonical || a << 16 >> 16 == a;
        if (!canonical || paging.translate(a, Tlb.READ, Tlb.SUPERVISOR_AC, mapping) != Paging.MAPPED) {
            return NO_MEMORY;
        }
        long page = memory.page(mapping.gfn());
        return page == GuestMemory.NO_PAGE ? NO_MEMORY : page | (a & 4095);
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

    /** Reports every later store to the page of RAM that holds {@code offset} to {@link MmuEvents#codeWrite}. */
    public void watchCode(long offset) {
        if (keepsCode(offset)) {
            return;
        }
        if (place != null) {
            place.addCode(offset);
        }
        codePages[(int) (offset >>> 18)] |= 1L << (offset >>> 12);
        tlb.watchWrites(offset & PAGE);
    }

    /** Ends {@link #watchCode} for a page. */
    public void unwatchCode(long offset) {
        if (place != null && keepsCode(offset)) {
            place.removeCode(offset);
        }
        codePages[(int) (offset >>> 18)] &= ~(1L << (offset >>> 12));
    }

    private boolean keepsCode(long offset) {
        return (codePages[(int) (offset >>> 18)] & 1L << (offset >>> 12)) != 0;
    }

    private boolean isCode(long offset) {
        return keepsCode(offset) || (shared && memory.processors().isCode(offset));
    }

    private static int firstPart(long a, int size) {
        return (int) Math.min(size, 4096 - (a & 4095));
    }

    private long loadSlow(long a, int size) {
        int first = firstPart(a, size);
        long at = resolve(a, Tlb.READ);
        long atDevice = deviceAddress;
        slowAccess(a, size, Tlb.READ);
        if (first == size) {
            return at != NO_MEMORY ? ordered(peek(at, size)) : events.deviceRead(atDevice, size);
        }
        long next = resolve(a + first, Tlb.READ);
        long nextDevice = deviceAddress;
        long value = 0;
        for (int i = 0; i < size; i++) {
            long from = i < first ? at : next;
            int step = i < first ? i : i - first;
            long b = from != NO_MEMORY
                    ? peek(from + step, 1)
                    : events.deviceRead((i < first ? atDevice : nextDevice) + step, 1);
            value |= (b & 0xff) << (8 * i);
        }
        return value;
    }

    private void storeSlow(long a, int size, long v) {
        int first = firstPart(a, size);
        long at = resolve(a, Tlb.WRITE);
        long atDevice = deviceAddress;
        slowAccess(a, size, Tlb.WRITE);
        if (first == size) {
            announce(at, size);
            beforeStore();
            storePart(a, at, atDevice, size, v);
            publish(at, size);
            return;
        }
        long next = resolve(a + first, Tlb.WRITE);
        long nextDevice = deviceAddress;
        announce(at, first);
        announce(next, size - first);
        for (int i = 0; i < size; i++) {
            boolean low = i < first;
            int step = low ? i : i - first;
            long to = low ? at : next;
            storePart(a + i, to < 0 ? to : to + step, (low ? atDevice : nextDevice) + step, 1, v >>> (8 * i) & 0xff);
        }
        publish(at, first);
        publish(next, size - first);
    }

    /** Stores within a page whose address has been resolved. */
    private void storePart(long a, long to, long device, int size, long v) {
        if (to >= 0) {
            poke(to, size, v);
        } else if (to == NO_MEMORY) {
            events.deviceWrite(device, size, v);
        } else {
            check(a, paging.store(a, size, v, rightsBank()));
            paging.settle(tlb);
        }
    }

    /** Others may hold code that a store has changed. */
    private void publish(long offset, int size) {
        if (shared && offset >= 0 && memory.processors().isCode(offset)) {
            place.changedCode(offset, size);
        }
    }

    /** What only accesses that the TLB does not answer can meet: misalignment where that counts, and data breakpoints. */
    private void slowAccess(long a, int size, int access) {
        if (bank == Tlb.USER_ALIGNED && (a & size - 1) != 0) {
            throw fault.exception(ALIGNMENT_CHECK, 0);
        }
        if (watch != null) {
            watch.accessed(a, size, access);
        }
    }

    private void announce(long offset, int size) {
        if (offset >= 0 && isCode(offset)) {
            events.codeWrite(offset, size);
        }
    }

    private long peek(long offset, int size) {
        return switch (size) {
            case 1 -> ram.get(BYTE, offset) & 0xff;
            case 2 -> ram.get(SHORT, offset) & 0xffff;
            case 4 -> ram.get(INT, offset) & 0xffff_ffffL;
            default -> ram.get(LONG, offset);
        };
    }

    private void poke(long offset, int size, long v) {
        switch (size) {
            case 1 -> ram.set(BYTE, offset, (byte) v);
            case 2 -> ram.set(SHORT, offset, (short) v);
            case 4 -> ram.set(INT, offset, (int) v);
            default -> ram.set(LONG, offset, v);
        }
    }

    /**
     * Compares eight bytes and sets them in one step. An address that leads to no memory compares as different.
     *
     * @param a a multiple of 8
     * @return whether they were as expected, and are set now
     */
    public boolean compareAndSet64(long a, long expected, long v) {
        if ((a & 7) != 0) {
            throw new IllegalArgumentException("address " + Long.toHexString(a) + " is no multiple of 8");
        }
        int slot = Tlb.slot(a);
        long at = table[slot + Tlb.WRITE] == (a & PAGE) ? a + table[slot + Tlb.ADDEND] : resolve(a, Tlb.WRITE);
        if (at == EMULATED) {
            int answer = paging.compareAndSet(a, expected, v, rightsBank());
            paging.settle(tlb);
            return answer != Paging.DIFFERENT && check(a, answer);
        }
        announce(at, 8);
        return at != NO_MEMORY && WORD.compareAndSet(ram, at, expected, v);
    }

    private boolean check(long a, int answer) {
        if (answer != Paging.MAPPED) {
            faults++;
            throw fault.pageFault(a, answer);
        }
        return true;
    }

    /**
     * Translates, fills the TLB; returns an offset in RAM, {@link #NO_MEMORY} with {@link #deviceAddress} set, or, for a
     * store, {@link #EMULATED}.
     */
    private long resolve(long a, int access) {
        try {
            return translate(a, access);
        } catch (GuestFault f) {
            throw f;
        } catch (RuntimeException e) {
            // The host's: the instruction ends as if it had not started.
            throw fault.hostFailed(e);
        }
    }

    private long translate(long a, int access) {
        if (checkCanonical && (a << 16 >> 16) != a) {
            throw fault.nonCanonical(a);
        }
        long before = paging.settle(tlb);
        long offset = inLargePage(a, access);
        if (offset != NO_MEMORY) {
            return offset;
        }
        while (true) {
            int answer = paging.translate(a, access, rightsBank(), mapping);
            if (answer == Paging.EMULATED) {
                return EMULATED;
            }
            long after = paging.settle(tlb);
            if (after == before) {
                check(a, answer);
                offset = fill(a, access);
                after = paging.settle(tlb);
                if (after == before) {
                    return offset;
                }
            }
            // Something was taken away meanwhile: what was found may be just that.
            before = after;
        }
    }

    private long fill(long a, int access) {
        long page = memory.page(mapping.gfn(), access);
        boolean trapped = page != GuestMemory.NO_PAGE && memory.writesTrap(mapping.gfn());
        if (page == GuestMemory.NO_PAGE || (trapped && access == Tlb.WRITE)) {
            deviceAddress = mapping.gfn() << 12 | (a & 4095);
            return NO_MEMORY;
        }
        int rights = mapping.rights() & memory.rights();
        int shift = Math.min(mapping.pieceShift(), memory.shift());
        if (trapped || isCode(page)) {
            rights &= ~(1 << Tlb.WRITE);
        }
        tlb.fill(bank, a, mapping, shown(a, rights), page);
        if (shift > 12 && !trapped) {
            tlb.largePages().add(bank, a, mapping, memory.rights(), shift, page);
        }
        return page | (a & 4095);
    }

    /** Fills a piece of a large page that is known. */
    private long inLargePage(long a, int access) {
        LargePages pages = tlb.largePages();
        int index = pages.find(bank, a);
        if (index < 0 || (pages.rights(index) & 1 << access) == 0) {
            return NO_MEMORY;
        }
        long page = pages.offset(index, a);
        if (page < 0 || page + 4096 > ram.byteSize()) {
            return NO_MEMORY;
        }
        int rights = pages.rights(index);
        tlb.fill(bank, a, pages.mapping(index), shown(a, isCode(page) ? rights & ~(1 << Tlb.WRITE) : rights), page);
        return page | (a & 4095);
    }

    /** Whose rights the bank has. */
    private int rightsBank() {
        return bank == Tlb.USER_ALIGNED ? Tlb.USER : bank;
    }

    /** What the TLB may answer for by itself: not the accesses that are to be looked at. */
    private int shown(long a, int rights) {
        int looked = bank == Tlb.USER_ALIGNED ? rights & 1 << Tlb.EXECUTE : rights;
        return watch == null ? looked : looked & ~watch.hiddenRights(a);
    }
}
