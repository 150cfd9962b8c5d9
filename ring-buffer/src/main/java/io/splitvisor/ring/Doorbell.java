// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.ring;

import io.splitvisor.host.EventFd;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Wakes a sleeper, and only a sleeper: an eventfd, and a word in shared memory that is 1 while somebody sleeps or is
 * about to.
 *
 * <p>The sleeper arms the word, looks once more for work, and only then waits for the eventfd. The ringer publishes its
 * work, then looks at the word. With a full fence between the two steps on both sides at least one of them sees the
 * other, so no wake-up is lost; taking the word back to 0 by exchange lets one of many ringers make the system call.
 *
 * <p>A ringer may signal late, after the sleeper has found the work and gone on: that is one spurious wake-up in the
 * next sleep. Neither side trusts the word beyond this: a peer that lies about it, or signals without it, gets spurious
 * wake-ups or sleeps too long itself.
 */
public final class Doorbell implements AutoCloseable {
    private static final VarHandle WORD = ValueLayout.JAVA_INT.varHandle();
    private static final VarHandle RUNG;
    private static final int AWAKE = 0;
    private static final int ASLEEP = 1;

    static {
        try {
            RUNG = MethodHandles.lookup().findVarHandle(Doorbell.class, "rung", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final MemorySegment memory;
    private final long word;
    private final EventFd event;

    /** Changed atomically: the system call that goes with it costs much more. */
    private volatile long rung;

    /**
     * @param word offset of the 4-byte, 4-aligned word in {@code memory}
     * @param event owned by this doorbell from now on
     */
    public Doorbell(MemorySegment memory, long word, EventFd event) {
        this.memory = memory;
        this.word = word;
        this.event = event;
    }

    /** The eventfd, for the sleeper to wait for. */
    public EventFd event() {
        return event;
    }

    /**
     * Ringer: wakes the other side if it sleeps. Whatever was published before is visible to it.
     *
     * @return whether it slept, that is, whether a system call was made
     */
    public boolean ring() {
        VarHandle.fullFence();
        return (int) WORD.getOpaque(memory, word) != AWAKE && wake();
    }

    /**
     * {@link #ring} for a ringer whose last step of publishing was a volatile store or an atomic operation: with the volatile look
     * at the word that is as good as a fence between the two, and costs nothing more.
     */
    public boolean ringAfterVolatile() {
        return (int) WORD.getVolatile(memory, word) != AWAKE && wake();
    }

    private boolean wake() {
        if ((int) WORD.getAndSet(memory, word, AWAKE) == AWAKE) {
            return false;
        }
        RUNG.getAndAdd(this, 1L);
        event.signal();
        return true;
    }

    /** How often a system call was made to wake the sleeper. */
    public long rung() {
        return rung;
    }

    /** Sleeper, first step: from now on ringers make the call. Look for work again after this, then wait. */
    public void arm() {
        WORD.setOpaque(memory, word, ASLEEP);
        VarHandle.fullFence();
    }

    /**
     * Sleeper, last step, when it does not know whether the eventfd was readable: awake again, ringers need not call.
     * Takes a signal away that is there, at the price of a system call.
     */
    public void disarm() {
        disarm(true);
    }

    /**
     * Sleeper, last step: awake again, ringers need not call. Look for work after this, too.
     *
     * @param signalled whether the wait reported the eventfd readable. It has to be believed, not the word: a ringer that
     *     took the word may signal only now, and that signal, if it is not taken away when it is reported, would end every
     *     later sleep at once.
     */
    public void disarm(boolean signalled) {
        WORD.setOpaque(memory, word, AWAKE);
        if (signalled) {
            event.drain();
        }
    }

    @Override
    public void close() {
        event.close();
    }
}
