// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.event;

import io.splitvisor.attach.DomainLayout;
import io.splitvisor.host.EventFd;
import io.splitvisor.host.HostProcess;
import io.splitvisor.host.Poll;
import io.splitvisor.ring.Doorbell;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * How one vCPU of several sleeps on the bell that they share. Dom0 takes the sleep word of the vCPU that it means and signals
 * the bell; any vCPU that waits for the bell may take that signal away.
 *
 * <p>Therefore: whoever takes signals of the shared bell away, or has slept at all, looks for another vCPU that sleeps although
 * its word says awake, and signals its own bell. One is enough, because that one does the same when it wakes: what was
 * meant for several is handed from one to the next. One that is only just falling asleep, or waking up, may be taken for such a
 * one; it wakes for nothing then, and looks in its turn.
 *
 * <p>The vCPU also writes down how long it sleeps, and which of the host's threads it is, for its runstate.
 */
public final class SharedBell {
    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();
    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();
    private static final int BELL = 1;
    private static final int OWN_BELL = 2;
    private static final int LIFE_LINE = 4;

    private final MemorySegment memory;
    private final long control;
    private final Doorbell bell;
    private final Poll poll;
    private final Doorbell ownBell;

    /** What this domain's own threads ring: of Dom0's bell they have the end to wait at only. */
    private final EventFd own = EventFd.create();

    private SharedBell[] all = {this};
    private volatile boolean sleeping;
    private boolean named;
    private long slept;

    /**
     * @param memory guest-physical memory
     * @param control address of the vCPU's control page
     * @param bellToGuest what Dom0 rings
     * @param lifeLine descriptor of the attach socket; negative for none
     */
    public SharedBell(MemorySegment memory, long control, EventFd bellToGuest, int lifeLine) {
        this.memory = memory;
        this.control = control;
        this.bell = new Doorbell(memory, control + DomainLayout.VCPU_ASLEEP, bellToGuest);
        this.ownBell = new Doorbell(memory, control + DomainLayout.VCPU_ASLEEP, own);
        this.poll = new Poll(bellToGuest.fd(), own.fd(), lifeLine);
    }

    /** All vCPUs that sleep on the bell, this one included; to be told before it sleeps. */
    public void siblings(SharedBell... bells) {
        all = bells.clone();
    }

    /** Wakes the vCPU if it sleeps. Any thread of this process. */
    public void wake() {
        ownBell.ring();
    }

    /** The vCPU's thread: from now on it is rung for. It has to look for work once more before it sleeps. */
    public void arm() {
        sleeping = true;
        bell.arm();
    }

    /**
     * The vCPU's thread, armed: waits for a bell.
     *
     * @param millis the longest wait; negative for none
     * @return whether the life line has ended
     */
    public boolean sleep(int millis) {
        if (!named) {
            // Not earlier: a domain's start is worth more than its first runstate.
            named = true;
            INT.setOpaque(memory, control + DomainLayout.VCPU_THREAD, HostProcess.currentThread());
        }
        long since = System.nanoTime();
        LONG.setOpaque(memory, control + DomainLayout.VCPU_ASLEEP_SINCE, since);
        int ready = poll.await(millis);
        slept += System.nanoTime() - since;
        LONG.setOpaque(memory, control + DomainLayout.VCPU_SLEPT, slept);
        LONG.setOpaque(memory, control + DomainLayout.VCPU_ASLEEP_SINCE, 0L);
        if ((ready & OWN_BELL) != 0) {
            own.drain();
        }
        if ((ready & BELL) != 0 && all.length > 1) {
            bell.event().drain();
            passOn();
        }
        return (ready & LIFE_LINE) != 0;
    }

    /** The vCPU's thread: awake, it need not be rung for. */
    public void disarm() {
        bell.disarm();
        sleeping = false;
        if (all.length > 1) {
            passOn();
        }
    }

    private void passOn() {
        for (SharedBell other : all) {
            if (other != this && other.wasRungAsleep()) {
                other.own.signal();
                return;
            }
        }
    }

    private boolean wasRungAsleep() {
        return sleeping && (int) INT.getAcquire(memory, control + DomainLayout.VCPU_ASLEEP) == 0;
    }
}
