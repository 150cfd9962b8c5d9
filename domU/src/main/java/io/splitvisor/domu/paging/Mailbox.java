// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.paging;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.function.BooleanSupplier;

/** What other processors want one to forget, and whether it has. */
final class Mailbox {
    private static final VarHandle WANTED = wanted();

    private final Processor owner;
    private final long[] addresses = new long[64];
    private AddressSpace space;
    private int count;
    /** The last shootdown that asked this processor. */
    private long asked;

    private volatile long answered;
    private volatile boolean idle;
    private volatile boolean wanted;

    Mailbox(Processor owner) {
        this.owner = owner;
    }

    private static VarHandle wanted() {
        try {
            return MethodHandles.lookup().findVarHandle(Mailbox.class, "wanted", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** Whether there is something to do, for the path that must cost nothing. */
    boolean isWantedOpaque() {
        return (boolean) WANTED.getOpaque(this);
    }

    boolean isWanted() {
        return wanted;
    }

    void idle(boolean now) {
        idle = now;
    }

    boolean isIdle() {
        return idle;
    }

    /** Asks the owner to forget addresses. An interrupt has to follow, unless it is idle. */
    synchronized void ask(AddressSpace changed, long[] named, int number, long shootdown) {
        boolean fits = number != Shootdown.ALL && count != Shootdown.ALL && count + number <= addresses.length;
        if (fits && (count == 0 || space == changed)) {
            System.arraycopy(named, 0, addresses, count, number);
            count += number;
        } else {
            count = Shootdown.ALL;
        }
        space = changed;
        asked = shootdown;
        if (idle) {
            wanted = true;
        }
    }

    /** Has the owner look. */
    void interrupt() {
        wanted = true;
    }

    /** The owner does what it was asked for. */
    void attend() {
        wanted = false;
        long number;
        synchronized (this) {
            number = asked;
            if (count != 0) {
                owner.forget(space, addresses, count);
            }
            count = 0;
            space = null;
        }
        answered = number;
    }

    /** Waits until the owner has done what this shootdown asked, or is idle and will do it first. */
    void awaitAnswer(long shootdown) {
        synchronized (this) {
            if (asked != shootdown) {
                return;
            }
        }
        await(() -> answered >= shootdown);
    }

    /** Waits until the owner has done something, or is idle and will do it first. */
    void await(BooleanSupplier done) {
        for (int turn = 1; !done.getAsBoolean(); turn++) {
            if (idle) {
                wanted = true;
                // It looks at this after it has stopped to be idle: one of the two sees the other.
                if (idle) {
                    return;
                }
            }
            if (turn % 64 == 0) {
                Thread.yield();
            } else {
                Thread.onSpinWait();
            }
        }
    }
}
