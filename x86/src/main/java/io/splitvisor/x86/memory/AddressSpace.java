// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.memory;

import io.splitvisor.host.ReservedMemory;
import io.splitvisor.vcpu.mmu.GuestMemory;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * A program's memory. Linear address, guest-physical address and offset in RAM are the same number, so that a pointer
 * becomes a host address by one addition, however long the buffer; the page tables, real ones in guest RAM, say what
 * is mapped and with which rights.
 *
 * <p>Free pages always read as zero. All methods that change mappings hold the object's monitor.
 */
public final class AddressSpace implements AutoCloseable {
    /** Bytes of a page. */
    public static final long PAGE = 4096;

    /** PROT_READ. */
    public static final int READ = 1;

    /** PROT_WRITE. */
    public static final int WRITE = 2;

    /** PROT_EXEC. */
    public static final int EXECUTE = 4;

    /** Below it nothing is mapped, so that null pointers fault. */
    public static final long LOWEST = 0x1_0000;

    /** What lies behind a range. */
    public enum Backing {
        /** Pages of its own. */
        PRIVATE,
        /** A file that is open for writing. */
        FILE,
        /** A file that is not: the range can never be written. */
        READ_ONLY_FILE
    }

    /**
     * A mapped range with the same rights.
     *
     * @param end first address behind it
     * @param rights {@link #READ}, {@link #WRITE}, {@link #EXECUTE}
     */
    public record Area(long start, long end, int rights, Backing backing) {
        /** Whether a file lies behind it. */
        public boolean shared() {
            return backing != Backing.PRIVATE;
        }

        Area part(long from, long to) {
            return new Area(from, to, rights, backing);
        }
    }

    private final ReservedMemory reserved;
    private final MemorySegment ram;
    private final PageTables tables;
    private final long limit;
    private final NavigableMap<Long, Area> areas = new TreeMap<>();
    private final GuestMemory guestMemory;

    /**
     * @param bytes how far addresses go; a multiple of 2 MiB
     * @throws io.splitvisor.host.HostException if the host does not give so much address space
     */
    public AddressSpace(long bytes) {
        this.limit = bytes;
        this.reserved = new ReservedMemory(bytes + PageTables.KERNEL_BYTES + PageTables.bytes(bytes));
        this.ram = reserved.segment();
        this.tables = new PageTables(ram, bytes);
        this.guestMemory = GuestMemory.flat(ram).shared();
    }

    /** For the threads' processors: all of it, one to one. */
    public GuestMemory guestMemory() {
        return guestMemory;
    }

    /** First address behind the program's, where its kernel's pages start. */
    public long limit() {
        return limit;
    }

    /** CR3. */
    public long root() {
        return tables.root();
    }

    /** The bytes, by linear address. */
    public MemorySegment bytes() {
        return ram;
    }

    /** The host's address of a linear one. */
    public long hostAddress(long linear) {
        return ram.address() + linear;
    }

    /** Whether all of a range may be accessed so by the program. */
    public boolean allows(long start, long size, int right) {
        if (size < 0 || start < 0 || start > limit || size > limit - start) {
            return false;
        }
        for (long at = start & -PAGE; at < start + size; at += PAGE) {
            if (!tables.allows(at, right)) {
                return false;
            }
        }
        return true;
    }

    /** The mapped ranges, in order. */
    public synchronized List<Area> areas() {
        return List.copyOf(areas.values());
    }

    /** Maps fresh zero pages, over whatever was there. */
    public synchronized void map(long start, long size, int rights) {
        cut(start, start + size, true);
        add(new Area(start, start + size, rights, Backing.PRIVATE));
    }

    /**
     * Maps a file's pages, over whatever was there.
     *
     * @param writable whether the descriptor is open for writing; without, the range never gets the right to write
     * @param backed bytes that the file has; pages behind them are not there, and fault
     * @throws io.splitvisor.host.HostException if the host refuses
     */
    public synchronized void mapShared(
            long start, long size, int rights, int fd, boolean writable, long offset, long backed) {
        cut(start, start + size, true);
        if (backed > 0) {
            reserved.mapShared(start, backed, fd, writable, offset);
        }
        add(new Area(start, start + size, rights, writable ? Backing.FILE : Backing.READ_ONLY_FILE));
        tables.set(start + backed, start + size, 0);
    }

    /** Unmaps a range; what was not mapped stays so. */
    public synchronized void unmap(long start, long size) {
        cut(start, start + size, true);
        changed();
    }

    /** Whether a range may get the right to write: nothing in it is a file that is not open for writing. */
    public synchronized boolean mayBecomeWritable(long start, long end) {
        return areas.values().stream()
                .noneMatch(a -> a.backing == Backing.READ_ONLY_FILE && a.start < end && start < a.end);
    }

    /** Changes rights. Answers whether all of the range was mapped; if not, nothing changes. */
    public synchronized boolean protect(long start, long size, int rights) {
        long end = start + size;
        if (!isMapped(start, end)) {
            return false;
        }
        for (Area a : cut(start, end, false)) {
            add(new Area(a.start, a.end, rights, a.backing));
        }
        return true;
    }

    /** Whether nothing in a range is mapped. */
    public synchronized boolean isFree(long start, long size) {
        if (start < LOWEST || start > limit || size > limit - start) {
            return false;
        }
        Map.Entry<Long, Area> before = areas.lowerEntry(start + size);
        return before == null || before.getValue().end <= start;
    }

    /** Whether all of a range is mapped. */
    public synchronized boolean isMapped(long start, long end) {
        long at = start;
        while (at < end) {
            Area a = areaAt(at);
            if (a == null) {
                return false;
            }
            at = a.end;
        }
        return true;
    }

    /** The area of an address, or null. */
    public synchronized Area areaAt(long address) {
        Map.Entry<Long, Area> e = areas.floorEntry(address);
        return e != null && address < e.getValue().end ? e.getValue() : null;
    }

    /**
     * Finds room, from above.
     *
     * @param below first address that must not be used
     * @return an address, or -1
     */
    public synchronized long find(long size, long below) {
        long end = below;
        while (end - size >= LOWEST) {
            Map.Entry<Long, Area> e = areas.lowerEntry(end);
            if (e == null || e.getValue().end <= end - size) {
                return end - size;
            }
            end = e.getKey();
        }
        return -1;
    }

    /** Gives pages of private areas back: they read as zero. */
    public synchronized void discard(long start, long size) {
        for (Area a : List.copyOf(areas.values())) {
            long from = Math.max(start, a.start);
            long to = Math.min(start + size, a.end);
            if (from < to && !a.shared()) {
                clear(from, to);
            }
        }
    }

    /** Unmaps everything. */
    public synchronized void clear() {
        cut(0, limit, true);
        changed();
    }

    /** A copy of everything mapped, for a forked program. */
    public synchronized AddressSpace fork() {
        AddressSpace copy = new AddressSpace(limit);
        for (Area a : areas.values()) {
            copy.add(new Area(a.start, a.end, a.rights, Backing.PRIVATE));
            copyTouched(a, copy);
        }
        return copy;
    }

    private void copyTouched(Area a, AddressSpace to) {
        for (long at = a.start; at < a.end; at += PAGE) {
            if (!a.shared() || tables.allows(at, READ)) {
                SparsePages.copyPage(ram, to.ram, at);
            }
        }
    }

    /** Bytes have been written behind the program's back. */
    public void wrote(long start, long size) {
        guestMemory.processors().codeChanged(start, size);
    }

    @Override
    public void close() {
        reserved.close();
    }

    private void add(Area a) {
        areas.put(a.start, a);
        tables.set(a.start, a.end, a.rights);
        changed();
    }

    /** Takes a range out of the areas, splitting those at its ends; returns what was in it. */
    private List<Area> cut(long start, long end, boolean erase) {
        List<Area> inside = new ArrayList<>();
        Area first = areaAt(start);
        for (Area a : List.copyOf(
                areas.subMap(first == null ? start : first.start, end).values())) {
            areas.remove(a.start);
            if (a.start < start) {
                areas.put(a.start, a.part(a.start, start));
            }
            if (a.end > end) {
                areas.put(end, a.part(end, a.end));
            }
            inside.add(a.part(Math.max(a.start, start), Math.min(a.end, end)));
        }
        if (erase) {
            for (Area a : inside) {
                tables.set(a.start, a.end, 0);
                clear(a.start, a.end);
            }
        }
        return inside;
    }

    private void clear(long start, long end) {
        reserved.clear(start, end - start);
        wrote(start, end - start);
    }

    private void changed() {
        guestMemory.processors().shootDown();
    }
}
