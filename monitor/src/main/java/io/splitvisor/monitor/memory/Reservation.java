// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.memory;

import io.splitvisor.abi.XenErrno;
import java.util.HashSet;
import java.util.Set;

/**
 * How many pages a domain has, and how it gets more and gives some back. Frame numbers are a guest's, any 64 bits; extents
 * are 2^order frames and need no alignment (row T1). Thread-safe.
 */
public final class Reservation {
    private final PhysicalMap map;

    Reservation(PhysicalMap map) {
        this.map = map;
    }

    /** Pages that the domain has ({@code tot_pages}). */
    public int pages() {
        return map.allocated();
    }

    /** The most that it may have ({@code max_pages}). */
    public long limit() {
        return map.limit();
    }

    /** Sets the most that it may have. What it has above that stays, but it gets no more. */
    public void limit(long pages) {
        map.limit(pages);
    }

    /** The highest frame that it has, or had. */
    public int highestFrame() {
        return map.highest();
    }

    /** Takes pages that no frame shows; all of an extent or none. */
    public boolean increase(int order) {
        synchronized (map) {
            if (map.available() < 1L << order) {
                return false;
            }
            for (int page = 0; page < 1 << order; page++) {
                map.allocate();
            }
            return true;
        }
    }

    /** Gives pages back, the frames become holes; stops at the first hole, where some of an extent may be gone. */
    public boolean decrease(long frame, int order) {
        for (int page = 0; page < 1 << order; page++) {
            if (!map.remove(frame + page)) {
                return false;
            }
        }
        return true;
    }

    /** Fills holes; all of an extent or none (row T2). */
    public boolean populate(long frame, int order) {
        synchronized (map) {
            if (!areHoles(frame, order)) {
                return false;
            }
            for (int page = 0; page < 1 << order; page++) {
                if (!map.populate(frame + page)) {
                    for (int done = 0; done < page; done++) {
                        map.remove(frame + done);
                    }
                    return false;
                }
            }
            return true;
        }
    }

    private boolean areHoles(long frame, int order) {
        for (int page = 0; page < 1 << order; page++) {
            if (!isFrame(frame + page) || map.machine(frame + page) != PhysicalMap.NONE) {
                return false;
            }
        }
        return true;
    }

    /**
     * Gives pages for new ones, which are zero; all of them or none.
     *
     * @param from frames with pages of RAM that nobody has pinned, each once
     * @param to frames that are holes once the pages are gone, each once
     * @return 0, or a negative Xen error; -ENOMEM if the frames are too far apart, then the pages are given back only
     */
    public long exchange(long[] from, long[] to) {
        synchronized (map) {
            Set<Long> given = new HashSet<>();
            boolean fits = true;
            for (int i = 0; fits && i < from.length; i++) {
                // What is stolen cannot be pinned any more, nor stolen once more.
                fits = map.steal(from[i]);
                if (fits) {
                    given.add(from[i]);
                }
            }
            if (!fits || !areFree(to, given)) {
                given.forEach(map::unsteal);
                return -XenErrno.EINVAL;
            }
            given.forEach(map::removeStolen);
            for (long frame : to) {
                if (!map.replace(frame)) {
                    return -XenErrno.ENOMEM;
                }
            }
            return 0;
        }
    }

    private boolean areFree(long[] frames, Set<Long> given) {
        Set<Long> seen = new HashSet<>();
        for (long frame : frames) {
            boolean free = isFrame(frame) && (map.machine(frame) == PhysicalMap.NONE || given.contains(frame));
            if (!free || !seen.add(frame)) {
                return false;
            }
        }
        return true;
    }

    private static boolean isFrame(long frame) {
        return frame >= 0 && frame < PhysicalMap.FRAMES;
    }
}
