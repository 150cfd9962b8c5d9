// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.time;

import io.splitvisor.abi.Runstate;
import io.splitvisor.abi.VcpuRunstateInfo;
import io.splitvisor.attach.DomainLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * What a vCPU did with its time. The monitor sees it go down and come up, and wait in a hypercall. That it sleeps in front of
 * its bell it writes down itself, in its control page: since when, and how long altogether. So a guest that lies about
 * sleeping gets wrong figures about itself; the four times always add up to the time that has passed.
 *
 * <p>{@link Runstate#RUNNABLE} stays 0: who waits for a processor only the host's scheduler knows. Confined to the domain's
 * thread.
 */
public final class Runstates {
    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();
    private static final int STATES = 4;

    private final SystemClock clock;
    private final MemorySegment memory;
    private final long control;
    private final long[] nanos = new long[STATES];

    /** What the monitor knows it to do; while it is RUNNING it may be asleep all the same. */
    private int held;

    private boolean asleep;
    private long since;
    private long accounted;
    private long slept;

    /** The times of a vCPU that begins in this state, and has its control page here. */
    public Runstates(SystemClock clock, MemorySegment memory, long control, int state) {
        this.clock = clock;
        this.memory = memory;
        this.control = control;
        this.held = state;
        this.since = clock.now();
        this.accounted = since;
    }

    /** The vCPU is in this state from now on: {@link Runstate#RUNNING} while it may sleep by itself. */
    public void enter(int state) {
        account();
        if (held != state) {
            held = state;
            asleep = false;
            since = accounted;
        }
    }

    private void account() {
        long now = Math.max(clock.now(), accounted);
        long passed = now - accounted;
        accounted = now;
        long sleepSince = (long) LONG.getOpaque(memory, control + DomainLayout.VCPU_ASLEEP_SINCE);
        boolean asleepNow = sleepSince > 0 && sleepSince <= now;
        long total =
                (long) LONG.getOpaque(memory, control + DomainLayout.VCPU_SLEPT) + (asleepNow ? now - sleepSince : 0);
        long sleptNow = Math.clamp(total - slept, 0, passed);
        slept = total;
        if (held != Runstate.RUNNING) {
            nanos[held] += passed;
            return;
        }
        nanos[Runstate.BLOCKED] += sleptNow;
        nanos[Runstate.RUNNING] += passed - sleptNow;
        if (asleep != asleepNow) {
            asleep = asleepNow;
            since = asleep ? Math.max(sleepSince, since) : now;
        }
    }

    /** Nanoseconds in a state so far. */
    public long time(int state) {
        account();
        return nanos[state];
    }

    /** What it does now. */
    public int state() {
        account();
        return stated();
    }

    private int stated() {
        return held == Runstate.RUNNING && asleep ? Runstate.BLOCKED : held;
    }

    /**
     * Writes a {@link VcpuRunstateInfo}.
     *
     * @param mark set in state_entry_time beside the time
     */
    public void write(MemorySegment to, long at, long mark) {
        account();
        VcpuRunstateInfo.state(to, at, stated());
        VcpuRunstateInfo.stateEntryTime(to, at, since | mark);
        for (int i = 0; i < STATES; i++) {
            VcpuRunstateInfo.time(to, at, i, nanos[i]);
        }
    }
}
