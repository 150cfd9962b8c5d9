// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.mmu;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.function.BooleanSupplier;

/**
 * All processors on one memory. Between them they keep three promises: a translation that {@link #shootDown} takes back
 * is used by nobody once it has returned; code that one of them changes is decoded anew by the others; and an access
 * that the host's processor cannot make atomic is made while no other of them runs.
 *
 * <p>All three rest on one stopping point: a processor that runs comes by at the end of its block or slice, and one that
 * does not run is there already.
 */
public final class Processors {
    /** A processor, seen from the others. */
    public interface Member {
        /** Makes it come by soon. Called by any thread. */
        void callOver();

        /** Others look at its memory from now on. Called while it stands still. */
        void shareMemory();

        /** Forgets all translations. On its own thread. */
        void forgetTranslations();

        /** Drops code that was decoded from a range of guest RAM. On its own thread. */
        void dropCode(long offset, long size);
    }

    /** Bytes in pages with code that somebody has changed. */
    private record Change(long offset, long size) {}

    /** A member, and what the others want of it. Its state is guarded by the monitor of its {@link Processors}. */
    public final class Place {
        private final Member member;
        private final List<Change> changes = new ArrayList<>();
        private boolean runs;
        private boolean flush;

        private Place(Member member) {
            this.member = member;
        }

        /** Starts a run. */
        public void enter() {
            synchronized (Processors.this) {
                awaitOthersTurn();
                if (flush) {
                    flush = false;
                    member.forgetTranslations();
                }
                changes.forEach(c -> member.dropCode(c.offset, c.size));
                changes.clear();
                runs = true;
            }
        }

        /** Ends a run. */
        public void leave() {
            synchronized (Processors.this) {
                runs = false;
                Processors.this.notifyAll();
            }
        }

        /** Comes by, between two instructions. */
        public void comeBy() {
            leave();
            enter();
        }

        /** Does something while no other member runs. */
        public boolean exclusively(BooleanSupplier action) {
            synchronized (Processors.this) {
                boolean ran = runs;
                stopOthers(this);
                try {
                    return action.getAsBoolean();
                } finally {
                    goOn();
                    runs = ran;
                }
            }
        }

        /** This member is about to decode code of a page of RAM: afterwards, the others notice stores to it. */
        public void addCode(long offset) {
            if (codePages.getAndIncrement((int) (offset >>> 12)) == 0 && members.size() > 1) {
                exclusively(() -> {
                    flushOthers(this);
                    return true;
                });
            }
        }

        /** Ends {@link #addCode}. */
        public void removeCode(long offset) {
            codePages.getAndDecrement((int) (offset >>> 12));
        }

        /** This member has stored to a page with code. The others see it before they see what it stores later. */
        public void changedCode(long offset, long size) {
            synchronized (Processors.this) {
                for (Place p : members) {
                    if (p != this) {
                        p.changes.add(new Change(offset, size));
                        p.member.callOver();
                    }
                }
            }
        }
    }

    private final List<Place> members = new ArrayList<>();
    /** How many members keep code of a page of RAM. */
    private final AtomicIntegerArray codePages;

    private static final long PAGE = 4096;

    private boolean stopping;

    /**
     * @param bytes size of the RAM
     */
    public Processors(long bytes) {
        this.codePages = new AtomicIntegerArray((int) (bytes >>> 12));
    }

    /** Adds a processor, which does not run yet. */
    public synchronized Place join(Member member) {
        Place place = new Place(member);
        if (members.size() == 1) {
            stopOthers(null);
            members.getFirst().member.shareMemory();
            goOn();
        }
        members.add(place);
        if (members.size() > 1) {
            member.shareMemory();
        }
        return place;
    }

    /** Takes a processor out that will not run any more. */
    public synchronized void part(Place place) {
        members.remove(place);
        notifyAll();
    }

    /**
     * Has all processors forget their translations: the host has changed where guest-physical pages lie, or what may be
     * done to them. Returns when none of them uses an old one. Called by any thread that does not run one of them.
     */
    public synchronized void shootDown() {
        stopOthers(null);
        flushOthers(null);
        goOn();
    }

    /** The host has written to guest RAM: decoded code is dropped by all before they go on. Called by any thread. */
    public void codeChanged(long offset, long size) {
        for (long at = offset & -PAGE; at < offset + size; at += PAGE) {
            if (isCode(at)) {
                synchronized (this) {
                    for (Place p : members) {
                        p.changes.add(new Change(
                                Math.max(at, offset), Math.min(at + PAGE, offset + size) - Math.max(at, offset)));
                        p.member.callOver();
                    }
                }
            }
        }
    }

    /** Whether some member keeps code of a page. */
    boolean isCode(long offset) {
        return codePages.get((int) (offset >>> 12)) != 0;
    }

    private void flushOthers(Place self) {
        for (Place p : members) {
            p.flush |= p != self;
        }
    }

    /** Stops all members but one, which counts as stopped meanwhile. To be followed by {@link #goOn}. */
    private void stopOthers(Place self) {
        if (self != null) {
            self.runs = false;
            notifyAll();
        }
        awaitOthersTurn();
        stopping = true;
        members.forEach(p -> p.member.callOver());
        await(() -> members.stream().noneMatch(p -> p.runs));
    }

    private void goOn() {
        stopping = false;
        notifyAll();
    }

    private void awaitOthersTurn() {
        await(() -> !stopping);
    }

    private void await(BooleanSupplier condition) {
        boolean interrupted = false;
        while (!condition.getAsBoolean()) {
            try {
                wait();
            } catch (InterruptedException _) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
