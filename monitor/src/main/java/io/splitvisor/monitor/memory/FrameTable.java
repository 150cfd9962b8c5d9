// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.memory;

import io.splitvisor.attach.DomainLayout;
import java.lang.foreign.MemorySegment;
import java.util.function.IntConsumer;

/**
 * The machine pages of a domain by their numbers, as page tables name them: who has references to a page, and as what it is
 * used. Xen's {@code page_info}.
 *
 * <p>References and types change without a lock. Whoever changes several pages that belong together, tables above all,
 * holds {@link #lock}; changes of the physical map hold it, too.
 */
public final class FrameTable {
    /** Who wants to know when a frame gets or loses its page. Called with {@link #lock} held. */
    public interface Changes {
        /** A frame has a page now. */
        void linked(long frame, int machine);

        /** A frame has lost its page, which is still there, and not given back before this returns (row T4). */
        void unlinked(long frame, int machine);
    }

    /** The number that means no page: {@code INVALID_MFN}, as far as an entry can say it. */
    public static final long INVALID = (1L << 40) - 1;

    /** No page, or no frame. */
    public static final int NONE = PhysicalMap.NONE;

    private final PhysicalMap map;
    private final FrameTypes types;
    private final MemorySegment memory;
    private final DomainLayout layout;
    private final int machinePages;
    private final int totalPages;
    private final WriteLog writes = new WriteLog();
    private volatile boolean tracksWriters;

    FrameTable(PhysicalMap map, FrameTypes types, MemorySegment memory, DomainLayout layout) {
        this.map = map;
        this.types = types;
        this.memory = memory;
        this.layout = layout;
        this.machinePages = layout.vcpuControl(0);
        this.totalPages = layout.totalPages();
    }

    /** Held while tables, or the physical map, change. */
    public Object lock() {
        return map;
    }

    /** Sets who hears of changes of the physical map. */
    public void onChange(Changes listener) {
        map.onChange(listener);
    }

    /** The control page of a vCPU, which the guest writes. */
    public MemorySegment vcpuControl(int vcpu) {
        return memory.asSlice(DomainLayout.bytes(layout.vcpuControl(vcpu)), DomainLayout.PAGE_SIZE);
    }

    /** The bytes of all machine pages. */
    public MemorySegment memory() {
        return memory;
    }

    /** Whether a number, any 64 bits, is that of a page of the memory; perhaps of one that the guest does not have. */
    public boolean isPage(long machine) {
        return machine >= 0 && machine < totalPages;
    }

    /** Whether a page is RAM. */
    public boolean isRam(int machine) {
        return map.isRam(machine);
    }

    /** Takes a reference to a page; false if the domain does not have it, or the count is at its highest. */
    public boolean get(long machine) {
        return machine >= 0 && machine < machinePages && map.pinMachine((int) machine);
    }

    /** Gives a reference back; with the last one, a page that the guest has given away goes back to the host. */
    public void put(int machine) {
        map.unpin(machine);
    }

    /** References to a page. */
    public int references(int machine) {
        return map.pins(machine);
    }

    /** The machine page of a frame, any 64 bits; or {@link #NONE}. */
    public int machine(long frame) {
        return map.machine(frame);
    }

    /** Frames below this have the machine pages of their numbers. */
    public int identity() {
        return map.identity();
    }

    /** Frames above any that ever had a page. */
    public long frames() {
        return map.highest() + 1L;
    }

    /** Tells the guest, in M2P, another frame for a page ({@code MMU_MACHPHYS_UPDATE}). The physical map is not changed. */
    public void tellFrame(int machine, long frame) {
        map.publish(machine, frame >= 0 && frame < PhysicalMap.FRAMES ? (int) frame : PhysicalMap.NONE);
    }

    /** Types and type counts. */
    public FrameTypes types() {
        return types;
    }

    /** The frame of a machine page; or {@link #NONE}. */
    public int frame(int machine) {
        return map.frame(machine);
    }

    /** From now on pages that others than the guest write to are noted; none at first. */
    public void startWriteLog() {
        writes.begin(machinePages);
    }

    /** Ends that. */
    public void stopWriteLog() {
        writes.stop();
    }

    /** Tells the machine pages that others have written to, and forgets them if they are taken. */
    public void readWriteLog(boolean take, IntConsumer pages) {
        writes.read(take, pages);
    }

    WriteLog writes() {
        return writes;
    }

    /** From now on whoever writes to a granted page counts as a writer: the domain registers page tables. */
    public void trackWriters() {
        tracksWriters = true;
    }

    /** Whether writers of granted pages count. */
    boolean tracksWriters() {
        return tracksWriters;
    }
}
