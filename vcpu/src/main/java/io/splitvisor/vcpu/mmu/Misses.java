// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.mmu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** What the TLB does not answer: misses, faults, devices, page crossings, pages whose stores or accesses somebody looks at. */
final class Misses {
    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private static final long PAGE = -4096L;
    /** No memory: a device, at {@link #deviceAddress}. */
    static final long NO_MEMORY = -1;
    /** Memory, but the paging mode makes this store. */
    static final long EMULATED = -2;

    private static final int ALIGNMENT_CHECK = 17;
    private static final int LARGEST_ALIGNED = 16;

    private static final int X87_NUMBER = 10;

    private final Mmu mmu;
    private final GuestMemory memory;
    private final MemorySegment ram;
    private final MmuEvents events;
    private final Paging paging;
    private final Paging.Mapping mapping = new Paging.Mapping();
    private final GuestFault fault;
    private final Tlb tlb;
    /** Per page of RAM: whether it holds decoded code. */
    private final long[] codePages;

    private boolean checkCanonical;
    private DataWatch watch;
    /** Where the last {@link #resolve} led, if not to memory. */
    private long deviceAddress;

    private long faults;

    Misses(Mmu mmu, GuestMemory memory, MmuEvents events) {
        this.mmu = mmu;
        this.memory = memory;
        this.ram = mmu.ram();
        this.events = events;
        this.paging = mmu.paging();
        this.fault = mmu.fault();
        this.tlb = mmu.tlb();
        this.codePages = new long[(int) ((ram.byteSize() >>> 18) + 1)];
    }

    void watch(DataWatch newWatch) {
        this.watch = newWatch;
    }

    void checkCanonical(boolean check) {
        this.checkCanonical = check;
    }

    long faults() {
        return faults;
    }

    /** Faults as a store would, without storing. Any size up to a page. */
    void probeStore(long a, int size) {
        requireAligned(a, size);
        int first = firstPart(a, size);
        long at = resolve(a, Tlb.WRITE);
        if (first < size) {
            long next = resolve(a + first, Tlb.WRITE);
            announce(next, size - first);
        }
        announce(at, first);
    }

    /** Faults as a load would, without loading. Any size up to a page. */
    void probeLoad(long a, int size) {
        requireAligned(a, size);
        int first = firstPart(a, size);
        resolve(a, Tlb.READ);
        if (first < size) {
            resolve(a + first, Tlb.READ);
        }
    }

    /**
     * Translates for a debugger: rights do not count, and nothing is filled.
     *
     * @return the offset in guest RAM, or -1 if no memory is there
     */
    long peekAddress(long a) {
        if (!isCanonical(a) || paging.translate(a, Tlb.READ, Tlb.SUPERVISOR_AC, mapping) != Paging.MAPPED) {
            return NO_MEMORY;
        }
        long page = mapping.memory() ? memory.page(mapping.gfn()) : GuestMemory.NO_PAGE;
        return page == GuestMemory.NO_PAGE ? NO_MEMORY : page | (a & 4095);
    }

    /** Reports every later store to the page of RAM that holds {@code offset} to {@link MmuEvents#codeWrite}. */
    void watchCode(long offset) {
        if (keepsCode(offset)) {
            return;
        }
        if (mmu.place() != null) {
            mmu.place().addCode(offset);
        }
        codePages[(int) (offset >>> 18)] |= 1L << (offset >>> 12);
        tlb.watchWrites(offset & PAGE);
    }

    /** Ends {@link #watchCode} for a page. */
    void unwatchCode(long offset) {
        if (mmu.place() != null && keepsCode(offset)) {
            mmu.place().removeCode(offset);
        }
        codePages[(int) (offset >>> 18)] &= ~(1L << (offset >>> 12));
    }

    private boolean keepsCode(long offset) {
        return (codePages[(int) (offset >>> 18)] & 1L << (offset >>> 12)) != 0;
    }

    private boolean isCode(long offset) {
        return keepsCode(offset) || (mmu.shared() && memory.processors().isCode(offset));
    }

    private static int firstPart(long a, int size) {
        return (int) Math.min(size, 4096 - (a & 4095));
    }

    long load(long a, int size) {
        requireAligned(a, size);
        int first = firstPart(a, size);
        long at = resolve(a, Tlb.READ);
        long atDevice = deviceAddress;
        accessed(a, size, Tlb.READ);
        if (first == size) {
            return at != NO_MEMORY ? mmu.ordered(peek(at, size)) : events.deviceRead(atDevice, size);
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

    void store(long a, int size, long v) {
        requireAligned(a, size);
        int first = firstPart(a, size);
        long at = resolve(a, Tlb.WRITE);
        long atDevice = deviceAddress;
        accessed(a, size, Tlb.WRITE);
        if (first == size) {
            announce(at, size);
            mmu.beforeStore();
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
        if (mmu.shared() && offset >= 0 && memory.processors().isCode(offset)) {
            mmu.place().changedCode(offset, size);
        }
    }

    /** Numbers of the x87 need eight; what is probed as a whole, and accessed in pieces, has an alignment of its own. */
    private void requireAligned(long a, int size) {
        int alignment = size == X87_NUMBER ? Long.BYTES : size;
        if (mmu.checksAlignment() && alignment <= LARGEST_ALIGNED && Integer.bitCount(alignment) == 1) {
            requireAlignment(a, alignment);
        }
    }

    /** #AC where misalignment counts: processors look at that before they look at the page. */
    void requireAlignment(long a, int alignment) {
        if (mmu.checksAlignment() && (a & alignment - 1) != 0 && isCanonical(a)) {
            throw fault.exception(ALIGNMENT_CHECK, 0);
        }
    }

    private boolean isCanonical(long a) {
        return !checkCanonical || a << 16 >> 16 == a;
    }

    /** Data breakpoints. */
    private void accessed(long a, int size, int access) {
        if (watch != null) {
            watch.accessed(a, size, access);
        }
    }

    void announce(long offset, int size) {
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

    /** A compare-and-set that the paging mode makes. */
    boolean emulatedCompareAndSet(long a, long expected, long v) {
        int answer = paging.compareAndSet(a, expected, v, rightsBank());
        paging.settle(tlb);
        return answer != Paging.DIFFERENT && check(a, answer);
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
    long resolve(long a, int access) {
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
        long page = mapping.memory() ? memory.page(mapping.gfn(), access) : GuestMemory.NO_PAGE;
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
        tlb.fill(mmu.bank(), a, mapping, shown(a, rights), page);
        if (shift > 12 && !trapped) {
            tlb.largePages().add(mmu.bank(), a, mapping, memory.rights(), shift, page);
        }
        return page | (a & 4095);
    }

    /** Fills a piece of a large page that is known. */
    private long inLargePage(long a, int access) {
        LargePages pages = tlb.largePages();
        int index = pages.find(mmu.bank(), a);
        if (index < 0 || (pages.rights(index) & 1 << access) == 0) {
            return NO_MEMORY;
        }
        long page = pages.offset(index, a);
        if (page < 0 || page + 4096 > ram.byteSize()) {
            return NO_MEMORY;
        }
        int rights = pages.rights(index);
        tlb.fill(
                mmu.bank(),
                a,
                pages.mapping(index),
                shown(a, isCode(page) ? rights & ~(1 << Tlb.WRITE) : rights),
                page);
        return page | (a & 4095);
    }

    /** Whose rights the bank has. */
    private int rightsBank() {
        return mmu.bank() == Tlb.USER_ALIGNED ? Tlb.USER : mmu.bank();
    }

    /** What the TLB may answer for by itself: not the accesses that are to be looked at. */
    private int shown(long a, int rights) {
        int looked = mmu.bank() == Tlb.USER_ALIGNED ? rights & 1 << Tlb.EXECUTE : rights;
        return watch == null ? looked : looked & ~watch.hiddenRights(a);
    }
}
