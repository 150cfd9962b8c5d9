// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.time;

import io.splitvisor.abi.Runstate;
import io.splitvisor.abi.VcpuRunstateInfo;
import io.splitvisor.attach.DomainLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.Optional;
import java.util.function.IntFunction;

/**
 * What a vCPU did with its time. The monitor sees it go down and come up, and wait in a hypercall. That it sleeps in front of
 * its bell it writes down itself, in its control page: since when, and how long altogether. So a guest that lies about
 * sleeping gets wrong figures about itself; the four times always add up to the time that has passed.
 *
 * <p>How long it waited for a processor the host's scheduler knows, of a vCPU that says which thread it is. It is asked when somebody
 * wants to know, but not again within {@value #ASK_NANOS} ns, since that takes as long as a hundred calls. Part of such a wait the
 * vCPU took for sleep, when it had been woken, and part for running. Times never go back: what it waited is taken from
 * what comes to these two from then on, the time since it was last asked included. Confined to the domain's thread.
 */
public final class Runstates {
    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();
    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();
    private static final int STATES = 4;
    private static final long ASK_NANOS = 10_000_000;

    /** More than this is not made up for later. */
    private static final long MOST_OWED_NANOS = 1_000_000_000;

    private final SystemClock clock;
    private final MemorySegment memory;
    private final long control;
    private final IntFunction<Optional<ThreadTimes>> scheduler;
    private final long[] nanos = new long[STATES];

    /** What the monitor knows it to do; while it is RUNNING it may be asleep all the same. */
    private int held;

    private boolean asleep;
    private long since;
    private long accounted;
    private long slept;

    /** Whom the scheduler was asked about, what it said, and when. */
    private int thread;

    private ThreadTimes said = new ThreadTimes(0, 0);
    private long asked;

    /** Of the time since then, what the vCPU did not say that it slept. */
    private long awake;

    /** Waiting for a processor that counted as running, and as sleep. */
    private long owedByRunning;

    private long owedByBlocked;

    /**
     * The times of a vCPU that begins in this state, and has its control page here.
     *
     * @param scheduler tells of the domain's threads by their numbers; any number may come, from the guest
     */
    public Runstates(
            SystemClock clock,
            MemorySegment memory,
            long control,
            int state,
            IntFunction<Optional<ThreadTimes>> scheduler) {
        this.scheduler = scheduler;
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
        awake += passed - sleptNow;
        askScheduler(now);
        long blocked = Math.min(owedByBlocked, sleptNow);
        long running = Math.min(owedByRunning, passed - sleptNow);
        owedByBlocked -= blocked;
        owedByRunning -= running;
        nanos[Runstate.BLOCKED] += sleptNow - blocked;
        nanos[Runstate.RUNNING] += passed - sleptNow - running;
        nanos[Runstate.RUNNABLE] += blocked + running;
        if (asleep != asleepNow) {
            asleep = asleepNow;
            since = asleep ? Math.max(sleepSince, since) : now;
        }
    }

    private void askScheduler(long now) {
        int number = (int) INT.getOpaque(memory, control + DomainLayout.VCPU_THREAD);
        if (number <= 0 || now - asked < ASK_NANOS) {
            return;
        }
        asked = now;
        ThreadTimes says = scheduler.apply(number).orElse(said);
        if (number == thread || thread == 0) {
            long waited = Math.clamp(says.runnable() - said.runnable(), 0, MOST_OWED_NANOS);
            long ran = Math.max(says.running() - said.running(), 0);
            long whileAwake = Math.clamp(awake - ran, 0, waited);
            owedByRunning = Math.min(owedByRunning + whileAwake, MOST_OWED_NANOS);
            owedByBlocked = Math.min(owedByBlocked + waited - whileAwake, MOST_OWED_NANOS);
        }
        thread = number;
        said = says;
        awake = 0;
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
