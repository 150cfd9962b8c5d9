// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.memory;

import io.splitvisor.abi.paging.MonitorLayout;
import io.splitvisor.attach.DomainLayout;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;

/**
 * Which machine page stands behind each guest frame, and which guest frame each machine page has: Xen's P2M and M2P. A
 * machine page is a page of the domain's memfd; a frame without one is a hole.
 *
 * <p>Frames are their own machine pages at first, those above the initial size are holes. A JVM or native guest reaches
 * its memory at the machine page's place, so a frame that is populated gets the page of its own number whenever that is
 * free.
 *
 * <p>The guest can read both maps in the monitor's memory. P2M there is the one that counts; of M2P the monitor has its own.
 *
 * <p>Reading takes no lock. A page that somebody pinned stays what it is: a guest may take it out of its map, but it is
 * neither given back to the host nor used for another frame before the last pin is gone (row M18).
 */
final class PhysicalMap {
    /** No machine page, or no frame. */
    static final int NONE = -1;

    /** Frames above this have no pages: 1 TiB. */
    static final long FRAMES = DomainLayout.MAX_RAM_PAGES;

    /**
     * Parts of the tables that frames above the domain's own memory may take, so that a guest that scatters its pages
     * costs the host at most so many times four kilobytes.
     */
    private static final int FAR_PARTS = 256;

    /** In a page's state: it does not belong to the domain, or will not any more with the last pin. */
    private static final int FREE = 1 << 31;

    /** What happens to a page that goes back to the host. */
    @FunctionalInterface
    interface Release {
        /** The page's content is forgotten. */
        void page(int machine);
    }

    private final int ramPages;
    private final int namedPages;
    private final Release release;
    private final PublishedMap machines;
    private final SparseInts farMachines = new SparseInts(_ -> NONE);
    private final PublishedMap toldFrames;
    private final SparseInts frames;
    private final SparseInts states;

    // With the lock held.
    private final BitSet free = new BitSet();
    private FrameTable.Changes changes;
    private int farParts;

    // Written with the lock held.
    private volatile int allocated;
    private volatile int highest;
    private volatile long limit;
    private volatile int identity;

    /**
     * @param layout how many pages there are, and where the maps that the guest reads lie in the monitor's memory
     * @param monitorMemory that memory
     */
    PhysicalMap(MonitorLayout layout, MemorySegment monitorMemory, Release release) {
        this.ramPages = layout.ramPages();
        this.namedPages = layout.machinePages();
        this.release = release;
        this.allocated = layout.populated();
        this.identity = layout.populated();
        this.highest = namedPages - 1;
        this.limit = ramPages;
        this.machines = new PublishedMap(monitorMemory, layout, layout.p2mPage());
        this.toldFrames = new PublishedMap(monitorMemory, layout, layout.m2pPage());
        this.frames = new SparseInts(layout::initial);
        this.states = new SparseInts(i -> layout.initial(i) == MonitorLayout.NOTHING ? FREE : 0);
        free.set(layout.populated(), ramPages);
    }

    /** Sets who hears of changes. */
    synchronized void onChange(FrameTable.Changes listener) {
        changes = listener;
    }

    /** The machine page of a frame, any 64 bits; or {@link #NONE}. */
    int machine(long frame) {
        if (frame < 0 || frame >= FRAMES) {
            return NONE;
        }
        // Most frames, without touching the map: to read a page of it is to make it. Lowered before the map changes.
        if (frame < identity) {
            return (int) frame;
        }
        return machines.covers(frame) ? machines.get((int) frame) : farMachines.get((int) frame);
    }

    /** The frame of a machine page below the named pages; or {@link #NONE}. */
    int frame(int machine) {
        return frames.get(machine);
    }

    /** Whether a machine page is RAM, and not special. */
    boolean isRam(int machine) {
        return machine >= 0 && machine < ramPages;
    }

    /** Frames below this have the machine pages of their numbers; perhaps others as well. */
    int identity() {
        return identity;
    }

    /** Pages of RAM that the domain has, those included that it has taken out of its map and that are pinned. */
    int allocated() {
        return allocated;
    }

    /** The most pages of RAM that it may have ({@code max_pages}). */
    long limit() {
        return limit;
    }

    /** Sets the limit; pages above it are not taken away, but there are no more. */
    void limit(long pages) {
        limit = pages;
    }

    /** The highest frame that ever had a page. */
    int highest() {
        return highest;
    }

    /** Keeps the page behind a frame from going away; answers the page, or {@link #NONE}. */
    int pin(long frame) {
        while (true) {
            int machine = machine(frame);
            if (machine == NONE) {
                return NONE;
            }
            int state = states.get(machine);
            if (state < 0) {
                if (machine(frame) == machine) {
                    // On its way out.
                    return NONE;
                }
            } else if (state == Integer.MAX_VALUE) {
                return NONE;
            } else if (states.replace(machine, state, state + 1)) {
                if (machine(frame) == machine) {
                    return machine;
                }
                unpin(machine);
            }
        }
    }

    /** As {@link #pin}, for a page below the named ones by its number, whether or not it has a frame; false if it is free. */
    boolean pinMachine(int machine) {
        while (true) {
            int state = states.get(machine);
            if (state < 0 || state == Integer.MAX_VALUE) {
                return false;
            }
            if (states.replace(machine, state, state + 1)) {
                return true;
            }
        }
    }

    /** Ends what {@link #pin} began. */
    void unpin(int machine) {
        int state;
        do {
            state = states.get(machine);
            if ((state & ~FREE) == 0) {
                throw new IllegalStateException("page " + machine + " is not pinned");
            }
        } while (!states.replace(machine, state, state - 1));
        if (state - 1 == FREE) {
            giveBack(machine);
        }
    }

    /** How many pins there are. */
    int pins(int machine) {
        return states.get(machine) & ~FREE;
    }

    /** Whether somebody has pinned the page. */
    boolean isPinned(int machine) {
        return (states.get(machine) & ~FREE) != 0;
    }

    private synchronized void giveBack(int machine) {
        release.page(machine);
        free.set(machine);
        allocated--;
    }

    /**
     * Gives a frame that is a hole a page of RAM.
     *
     * @return false if there is no page left, or no room in the tables
     * @throws IllegalArgumentException if it is no hole, or no frame
     */
    synchronized boolean populate(long frame) {
        return allocated < limit && replace(frame);
    }

    /** As {@link #populate}, for a page that was given back just now: whatever the limit has become. */
    synchronized boolean replace(long frame) {
        requireHole(frame);
        boolean own = frame < ramPages && free.get((int) frame);
        int machine = own ? (int) frame : free.nextSetBit(0);
        if (machine == NONE || !hasRoom(frame)) {
            return false;
        }
        take(machine);
        link((int) frame, machine);
        return true;
    }

    /**
     * Makes a frame a hole. A page of RAM goes back to the host, now or with its last pin; a special page stays.
     *
     * @return false if it is a hole already
     */
    synchronized boolean remove(long frame) {
        int machine = machine(frame);
        if (machine == NONE) {
            return false;
        }
        unlink((int) frame, machine);
        if (isRam(machine)) {
            int state;
            do {
                state = states.get(machine);
            } while (!states.replace(machine, state, state | FREE));
            if (state == 0) {
                giveBack(machine);
            }
        }
        return true;
    }

    /** As {@link #remove}, but the domain keeps the page, without a frame. */
    synchronized boolean unhook(long frame) {
        int machine = machine(frame);
        if (machine == NONE) {
            return false;
        }
        unlink((int) frame, machine);
        return true;
    }

    /** Pages that the domain could get now. */
    synchronized long available() {
        return Math.max(0, Math.min(limit, ramPages) - allocated);
    }

    /** Takes an available page of RAM without giving it a frame. */
    synchronized void allocate() {
        take(free.nextSetBit(0));
    }

    /** Lets nobody pin the RAM behind a frame from now on; false if somebody has, or there is none. */
    synchronized boolean steal(long frame) {
        int machine = machine(frame);
        return isRam(machine) && states.replace(machine, 0, FREE);
    }

    /** Ends {@link #steal}. */
    synchronized void unsteal(long frame) {
        states.set(machine(frame), 0);
    }

    /** Gives a stolen page back to the host. */
    synchronized void removeStolen(long frame) {
        int machine = machine(frame);
        unlink((int) frame, machine);
        giveBack(machine);
    }

    private synchronized void take(int machine) {
        free.clear(machine);
        allocated++;
        states.set(machine, 0);
    }

    /**
     * Gives a machine page that the domain has another frame; where it was becomes a hole.
     *
     * @param frame a hole
     * @return false if there is no room in the tables
     */
    synchronized boolean move(int machine, long frame) {
        requireHole(frame);
        if (!hasRoom(frame)) {
            return false;
        }
        int before = frames.get(machine);
        if (before != NONE) {
            unlink(before, machine);
        }
        link((int) frame, machine);
        return true;
    }

    private void requireHole(long frame) {
        if (frame < 0 || frame >= FRAMES || machine(frame) != NONE) {
            throw new IllegalArgumentException("frame " + frame + " is no hole");
        }
    }

    private boolean hasRoom(long frame) {
        if (machines.covers(frame) || !farMachines.isUntouched((int) frame)) {
            return true;
        }
        return ++farParts <= FAR_PARTS;
    }

    private void link(int frame, int machine) {
        frames.set(machine, frame);
        publish(machine, frame);
        setMachine(frame, machine);
        highest = Math.max(highest, frame);
        if (frame == identity && machine == frame) {
            identity = frame + 1;
        }
        if (changes != null) {
            changes.linked(frame, machine);
        }
    }

    private void unlink(int frame, int machine) {
        if (frame < identity) {
            identity = frame;
        }
        setMachine(frame, NONE);
        frames.set(machine, NONE);
        publish(machine, NONE);
        if (changes != null) {
            changes.unlinked(frame, machine);
        }
    }

    private void setMachine(int frame, int machine) {
        if (machines.covers(frame)) {
            machines.set(frame, machine);
        } else {
            farMachines.set(frame, machine);
        }
    }

    /** What the guest reads in M2P; nothing here depends on it. */
    void publish(int machine, int frame) {
        toldFrames.set(machine, frame);
    }
}
