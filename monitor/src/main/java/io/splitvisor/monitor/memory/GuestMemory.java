// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.memory;

import io.splitvisor.abi.paging.MonitorLayout;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.host.HostException;
import io.splitvisor.host.SharedMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The guest-physical memory of a domain: its RAM, and the special pages behind it. All frame numbers and addresses that a
 * guest gives go through the domain's {@link PhysicalMap}: {@link #machineOffset} is the one accessor, {@link #pin} the one
 * for whoever keeps the page for longer than he looks at it.
 *
 * <p>The memory's size is sealed, so that nothing the guest does makes an access fault; its content may change between
 * any two reads. A page that is given back to the host between a look into the map and an access reads as zero: it is the
 * same domain's still, and nobody else's.
 */
public final class GuestMemory {
    /** What {@link #machineOffset} answers for a frame that the domain does not have. */
    public static final long NOT_MEMORY = -1;

    private static final int PAGE = DomainLayout.PAGE_SIZE;
    private static final int EXACT = 64;
    private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG_UNALIGNED;

    private final SharedMemory memory;
    private final DomainLayout layout;
    private final PhysicalMap map;
    private final Reservation reservation;
    private final Physmap physmap;
    private final FrameTable frames;

    /** Memory of which the domain has all. */
    public GuestMemory(SharedMemory memory, DomainLayout layout) {
        this(memory, layout, layout.ramPages());
    }

    /**
     * As above, with a monitor's memory of its own.
     *
     * @param populated pages of RAM that the domain has at first; the frames above are holes
     */
    public GuestMemory(SharedMemory memory, DomainLayout layout, int populated) {
        this(memory, layout, layout.monitorLayout(populated, 0));
    }

    private GuestMemory(SharedMemory memory, DomainLayout layout, MonitorLayout maps) {
        this(memory, layout, maps, MemorySegment.ofArray(new long[Math.toIntExact(maps.bytes() / Long.BYTES)]));
    }

    /**
     * The memory has to be as large as the layout says.
     *
     * @param maps where the maps lie in the monitor's memory, and how many pages of RAM the domain has at first
     * @param monitorMemory zeroes but for its first page
     */
    public GuestMemory(SharedMemory memory, DomainLayout layout, MonitorLayout maps, MemorySegment monitorMemory) {
        if (memory.byteSize() != layout.totalBytes()) {
            throw new IllegalArgumentException("memory of " + memory.byteSize() + " bytes for " + layout);
        }
        if (maps.populated() == 0 || maps.machinePages() != layout.vcpuControl(0)) {
            throw new IllegalArgumentException(maps + " for " + layout);
        }
        this.memory = memory;
        this.layout = layout;
        this.map = new PhysicalMap(maps, monitorMemory, this::release);
        this.reservation = new Reservation(map);
        this.physmap = new Physmap(map);
        this.frames = new FrameTable(map, new FrameTypes(layout.ramPages()), memory.segment(), layout);
    }

    /** Where things lie. */
    public DomainLayout layout() {
        return layout;
    }

    /** The bytes; offsets are machine addresses, as {@link #machineOffset} answers them. */
    public MemorySegment segment() {
        return memory.segment();
    }

    /** The shared memory itself, for windows. */
    public SharedMemory shared() {
        return memory;
    }

    /** How many pages of RAM the domain has, and may have. */
    public Reservation reservation() {
        return reservation;
    }

    /** What the guest has at which frame. */
    public Physmap physmap() {
        return physmap;
    }

    /** Its machine pages, by number. */
    public FrameTable frames() {
        return frames;
    }

    /**
     * Offset in {@link #segment} of a frame that the guest names, any 64 bits; or {@link #NOT_MEMORY} for a hole. RAM and
     * the special pages that Xen has too, shared_info, start_info, the xenstore and console rings and the grant frames,
     * have frames; vCPU areas have none. Takes no lock; the page may be gone the moment after.
     */
    public long machineOffset(long frame) {
        int machine = map.machine(frame);
        return machine == PhysicalMap.NONE ? NOT_MEMORY : DomainLayout.bytes(machine);
    }

    /**
     * As {@link #machineOffset}, and keeps the page: whatever the guest does to its map, the page is neither given back to
     * the host nor used for another frame until {@link #unpin}. Takes no lock.
     */
    public long pin(long frame) {
        int machine = map.pin(frame);
        return machine == PhysicalMap.NONE ? NOT_MEMORY : DomainLayout.bytes(machine);
    }

    /** Whether somebody has pinned the page behind a frame. */
    public boolean isPinned(long frame) {
        int machine = map.machine(frame);
        return machine != PhysicalMap.NONE && map.isPinned(machine);
    }

    /** Ends one {@link #pin}; takes the offset that it answered, or any in the same page. */
    public void unpin(long offset) {
        map.unpin((int) (offset / PAGE));
    }

    /**
     * Somebody else starts to write to a page that he has pinned, by its offset; false if it is a page table that the guest
     * has registered (rows G7, M4).
     */
    public boolean startWriting(long offset) {
        return !frames.tracksWriters() || frames.types().getWritable((int) (offset / PAGE));
    }

    /** Ends {@link #startWriting}. */
    public void endWriting(long offset) {
        frames.writes().mark((int) (offset / PAGE));
        if (frames.tracksWriters()) {
            frames.types().putWritable((int) (offset / PAGE));
        }
    }

    /** As {@link #pin}, of a page that is written to from now on; none if it is a page table that the guest has registered. */
    public long pinWritable(long frame) {
        long offset = pin(frame);
        if (offset != NOT_MEMORY && !startWriting(offset)) {
            unpin(offset);
            return NOT_MEMORY;
        }
        return offset;
    }

    /** Ends one {@link #pinWritable}; takes the offset that it answered, or any in the same page. */
    public void unpinWritable(long offset) {
        endWriting(offset);
        unpin(offset);
    }

    /** The frame at which the guest has a machine page, by the page's number; -1 for none. */
    public int frameOf(int machinePage) {
        return map.frame(machinePage);
    }

    private void release(int machine) {
        long offset = DomainLayout.bytes(machine);
        try {
            memory.release(offset, PAGE);
        } catch (HostException e) {
            // The host keeps the page, so it has at least to forget it (row T9).
            segment().asSlice(offset, PAGE).fill((byte) 0);
        }
    }

    /**
     * Whether an argument of a hypercall lies in RAM; the address is the guest's, any 64 bits. Of a long array, more than
     * {@value #EXACT} pages, this looks at the ends only: holes within show when its elements are copied.
     */
    public boolean isAccessible(long address, long bytes) {
        long ram = DomainLayout.bytes(layout.ramPages());
        if (address < 0 || bytes < 0 || bytes > ram || address > Long.MAX_VALUE - bytes) {
            return false;
        }
        if (address + bytes <= DomainLayout.bytes(map.identity())) {
            return true;
        }
        if (bytes == 0) {
            return address <= ram;
        }
        long first = address / PAGE;
        long last = (address + bytes - 1) / PAGE;
        if (last - first > EXACT) {
            return map.isRam(map.machine(first)) && map.isRam(map.machine(last));
        }
        for (long frame = first; frame <= last; frame++) {
            if (!map.isRam(map.machine(frame))) {
                return false;
            }
        }
        return true;
    }

    /**
     * Copies an argument in, once.
     *
     * @param address guest-physical, any 64 bits
     * @param to private memory, written from its start
     * @return false if some of it lies outside the guest's RAM or in a hole; then nothing was read
     */
    public boolean copyFrom(long address, MemorySegment to, long bytes) {
        return copyFrom(address, to, 0, bytes);
    }

    /** As above, to an offset in private memory. */
    public boolean copyFrom(long address, MemorySegment to, long offset, long bytes) {
        if (!isAccessible(address, bytes)) {
            return false;
        }
        if (address + bytes <= DomainLayout.bytes(map.identity())) {
            MemorySegment.copy(segment(), address, to, offset, bytes);
            return true;
        }
        for (long done = 0; done < bytes; ) {
            long length = Math.min(bytes - done, PAGE - (address + done) % PAGE);
            long machine = machineAddress(address + done);
            if (machine == NOT_MEMORY) {
                return false;
            }
            MemorySegment.copy(segment(), machine, to, offset + done, length);
            done += length;
        }
        return true;
    }

    /** Copies an answer out; as {@link #copyFrom}. */
    public boolean copyTo(long address, MemorySegment from, long bytes) {
        return copyTo(address, from, 0, bytes);
    }

    /** As above, from an offset in private memory. */
    public boolean copyTo(long address, MemorySegment from, long offset, long bytes) {
        if (!isAccessible(address, bytes)) {
            return false;
        }
        if (address + bytes <= DomainLayout.bytes(map.identity())) {
            MemorySegment.copy(from, offset, segment(), address, bytes);
            frames.writes().mark(address, bytes);
            return true;
        }
        for (long done = 0; done < bytes; ) {
            long length = Math.min(bytes - done, PAGE - (address + done) % PAGE);
            long machine = machineAddress(address + done);
            if (machine == NOT_MEMORY) {
                return false;
            }
            MemorySegment.copy(from, offset + done, segment(), machine, length);
            frames.writes().mark(machine, length);
            done += length;
        }
        return true;
    }

    /** Reads a word, at any alignment; -1 too where there is no memory. */
    public long getLong(long address) {
        if (!isAccessible(address, Long.BYTES)) {
            return NOT_MEMORY;
        }
        if (address % PAGE > PAGE - Long.BYTES) {
            byte[] bytes = new byte[Long.BYTES];
            MemorySegment word = MemorySegment.ofArray(bytes);
            return copyFrom(address, word, Long.BYTES) ? word.get(WORD, 0) : NOT_MEMORY;
        }
        long machine = machineAddress(address);
        return machine == NOT_MEMORY ? NOT_MEMORY : segment().get(WORD, machine);
    }

    /** Writes a word, at any alignment; false where there is no memory. */
    public boolean putLong(long address, long value) {
        if (!isAccessible(address, Long.BYTES)) {
            return false;
        }
        if (address % PAGE > PAGE - Long.BYTES) {
            MemorySegment word = MemorySegment.ofArray(new byte[Long.BYTES]);
            word.set(WORD, 0, value);
            return copyTo(address, word, Long.BYTES);
        }
        long machine = machineAddress(address);
        if (machine == NOT_MEMORY) {
            return false;
        }
        segment().set(WORD, machine, value);
        frames.writes().mark(machine, Long.BYTES);
        return true;
    }

    /** Where an address is, or was a moment ago: another vCPU of the guest may be changing the map. */
    private long machineAddress(long address) {
        int machine = map.machine(address / PAGE);
        return map.isRam(machine) ? DomainLayout.bytes(machine) + address % PAGE : NOT_MEMORY;
    }

    /** The page of a special frame, by its number in the layout. */
    public MemorySegment page(int frame) {
        return pages(frame, 1);
    }

    /** Consecutive special pages. */
    public MemorySegment pages(int frame, int count) {
        return segment().asSlice(DomainLayout.bytes(frame), DomainLayout.bytes(count));
    }
}
