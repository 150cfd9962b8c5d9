// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu;

import io.splitvisor.domu.memory.GuestMemory;
import io.splitvisor.domu.memory.GuestMemory.OutOfGuestMemoryException;
import io.splitvisor.xenstore.WatchEvent;
import java.lang.foreign.ValueLayout;

/**
 * Gives pages of the guest back to the host, and takes them again, until the domain has as many as it is to have: what the
 * toolstack wrote to {@code memory/target}, in KiB, or what {@link #target(long)} set. Only frames that nobody has allocated
 * are given back. What cannot be reached at once, because too many are in use or the toolstack lets the domain have no more,
 * is tried again every second.
 *
 * <p>Thread-safe; works in a thread of its own.
 */
public final class Balloon {
    private static final String NODE = "memory/target";
    private static final int KIB_PER_PAGE = GuestMemory.PAGE_SIZE / 1024;
    private static final int LIST = GuestMemory.PAGE_SIZE / Long.BYTES;
    private static final long RETRY_MILLIS = 1000;

    private final GuestDomain domain;

    /** Frames given back, and frames that the domain never had: a stack. */
    private int[] holes = new int[64];

    private int holeCount;
    private long current;
    private long target;
    private int listFrame;
    private Thread worker;

    Balloon(GuestDomain domain, int initialPages) {
        this.domain = domain;
        this.current = initialPages;
        this.target = initialPages;
        for (int frame = domain.memory().layout().ramPages() - 1; frame >= initialPages; frame--) {
            push(frame);
        }
    }

    /** Pages of RAM that the domain has. */
    public synchronized long current() {
        return current;
    }

    /** Pages of RAM that it is to have. */
    public synchronized long target() {
        return target;
    }

    /**
     * Sets how many pages of RAM the domain is to have, and returns at once. More than the toolstack allows are never
     * reached.
     *
     * @param pages clamped to what the domain can ever have, and to 1
     */
    public synchronized void target(long pages) {
        target = Math.clamp(pages, 1, domain.memory().layout().ramPages());
        if (target != current && worker == null) {
            worker = new Thread(this::work, "balloon");
            worker.setDaemon(true);
            worker.start();
        }
        notifyAll();
    }

    /** Starts to follow {@code memory/target}. */
    void follow() {
        domain.xenstore().watch(NODE, "memory", this::changed);
    }

    private void changed(WatchEvent event) {
        String text = domain.xenstore().readIfPresent(NODE);
        try {
            if (text != null && !text.isEmpty()) {
                target(Long.parseLong(text) / KIB_PER_PAGE);
            }
        } catch (NumberFormatException e) {
            System.err.println("guest: " + NODE + " \"" + text + "\" is no number, ignored");
        }
    }

    private synchronized void work() {
        try {
            listFrame = domain.memory().allocate();
            while (target != current) {
                long before = current;
                if (target < current) {
                    deflateDomain();
                } else {
                    inflateDomain();
                }
                if (current == before) {
                    wait(RETRY_MILLIS);
                }
            }
        } catch (InterruptedException | OutOfGuestMemoryException e) {
            System.err.println("guest: the balloon gives up: " + e.getMessage());
        } finally {
            if (listFrame != 0) {
                domain.memory().free(listFrame, 1);
                listFrame = 0;
            }
            worker = null;
        }
    }

    /** Gives some free frames back. */
    private void deflateDomain() {
        int count = 0;
        int wanted = (int) Math.min(LIST, current - target);
        while (count < wanted && domain.memory().freeFrames() > 0) {
            int frame = allocate();
            if (frame < 0) {
                break;
            }
            list(count++, frame);
        }
        if (count == 0) {
            return;
        }
        int done = (int) Math.max(0, domain.hypercalls().memDecrease(GuestMemory.address(listFrame), count));
        for (int i = 0; i < count; i++) {
            if (i < done) {
                push(listed(i));
            } else {
                domain.memory().free(listed(i), 1);
            }
        }
        current -= done;
    }

    private int allocate() {
        try {
            return domain.memory().allocateForBalloon();
        } catch (OutOfGuestMemoryException e) {
            // Somebody was faster.
            return -1;
        }
    }

    /** Takes some frames again. */
    private void inflateDomain() {
        int count = (int) Math.min(Math.min(LIST, target - current), holeCount);
        for (int i = 0; i < count; i++) {
            list(i, holes[holeCount - 1 - i]);
        }
        int done = (int) Math.max(0, domain.hypercalls().memPopulate(GuestMemory.address(listFrame), count));
        for (int i = 0; i < done; i++) {
            domain.memory().free(holes[--holeCount], 1);
        }
        current += done;
    }

    private void list(int index, int frame) {
        domain.memory().page(listFrame).set(ValueLayout.JAVA_LONG, (long) index * Long.BYTES, frame);
    }

    private int listed(int index) {
        return (int) domain.memory().page(listFrame).get(ValueLayout.JAVA_LONG, (long) index * Long.BYTES);
    }

    private void push(int frame) {
        if (holeCount == holes.length) {
            holes = java.util.Arrays.copyOf(holes, holeCount * 2);
        }
        holes[holeCount++] = frame;
    }
}
