// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.event;

import io.splitvisor.abi.SharedInfo;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.domu.memory.GuestMemory;
import io.splitvisor.host.EventFd;
import io.splitvisor.hypercall.AdaptiveSpin;
import io.splitvisor.hypercall.HypercallRing;
import io.splitvisor.hypercall.Hypercalls;
import io.splitvisor.hypercall.UpcallSleep;
import java.util.Arrays;

/**
 * A virtual processor of a JVM guest: a hypercall ring, and a thread that takes events and completed hypercalls, and
 * sleeps when there are none. The guest's own threads are Java's affair; they share the rings.
 *
 * <p>The vCPUs of a domain share one bell: see {@link SharedBell}.
 */
public final class Vcpu implements UpcallSleep, Runnable {
    private static final int SPIN_TURNS = 1000;

    private final int id;
    private final long info;
    private final SharedBell bell;
    private final HypercallRing ring;
    private final Hypercalls hypercalls;
    private final Duties duties;
    private final AdaptiveSpin spin = new AdaptiveSpin(SPIN_TURNS);

    private EventChannels events;

    /** Written by the upcall thread alone. */
    private long upcalls;

    private volatile Thread thread;
    private volatile boolean ended;

    /** What an upcall thread does beside taking events. */
    public interface Duties {
        /** Something that has to be done from time to time; returns milliseconds until the next time, or -1 for never. */
        int upkeep();

        /** The attach socket ended: Dom0 is gone, or done with this domain. Called once. */
        void lifeLineEnded();

        /** A handler threw. */
        void failed(Throwable cause);
    }

    /**
     * @param id the vCPU's number
     * @param bellToDom0 what to ring for Dom0
     * @param bellToGuest what Dom0 rings
     * @param lifeLine descriptor of the attach socket
     */
    public Vcpu(int id, GuestMemory memory, EventFd bellToDom0, EventFd bellToGuest, int lifeLine, Duties duties) {
        DomainLayout layout = memory.layout();
        this.id = id;
        this.info = SharedInfo.vcpuInfo(0, id);
        this.bell = new SharedBell(memory.segment(), DomainLayout.bytes(layout.vcpuControl(id)), bellToGuest, lifeLine);
        this.duties = duties;
        int ringPages = DomainLayout.HYPERCALL_RING_PAGES;
        int frame = memory.allocate(Hypercalls.ARGUMENT_BYTES / GuestMemory.PAGE_SIZE);
        this.ring = new HypercallRing(memory.pages(layout.hypercallRing(id), ringPages), bellToDom0, this);
        this.hypercalls = new Hypercalls(ring, memory.segment(), GuestMemory.address(frame));
    }

    /** Its number. */
    public int id() {
        return id;
    }

    /** Offset of its vcpu_info in shared_info. */
    long info() {
        return info;
    }

    /** Upcall thread: a handler is called. */
    void countUpcall() {
        upcalls++;
    }

    /** Handlers called so far. A figure for people: read by other threads without order. */
    long upcalls() {
        return upcalls;
    }

    /** Its hypercalls. */
    public Hypercalls hypercalls() {
        return hypercalls;
    }

    /**
     * Starts the upcall thread.
     *
     * @param siblings all vCPUs of the domain, this one included
     * @param taken the domain's events, which {@code taken} may deliver to another vCPU
     */
    public void start(Vcpu[] siblings, EventChannels taken) {
        SharedBell[] bells = new SharedBell[siblings.length];
        Arrays.setAll(bells, i -> siblings[i].bell);
        bell.siblings(bells);
        events = taken;
        Thread started = new Thread(this, "vcpu" + id);
        started.setDaemon(true);
        thread = started;
        started.start();
    }

    /** The upcall thread; {@link #start} runs it. */
    @Override
    public void run() {
        try {
            while (!ended) {
                if (!serve() && !spin()) {
                    sleepUntilRung();
                }
            }
        } catch (Throwable t) {
            duties.failed(t);
        } finally {
            ring.fail("the upcall thread has ended");
        }
    }

    private boolean serve() {
        boolean found = false;
        events.releaseHeld(this);
        if (ring.hasWork()) {
            ring.takeResponses();
            found = true;
        }
        if (events.isUpcallPending(this)) {
            events.deliver(this);
            found = true;
        }
        return found;
    }

    private boolean hasWork() {
        return events.isUpcallPending(this) || ring.hasWork();
    }

    private boolean spin() {
        int limit = spin.limit();
        for (int turn = 0; turn < limit; turn++) {
            if (hasWork()) {
                spin.succeeded(turn);
                return true;
            }
            Thread.onSpinWait();
        }
        spin.failed();
        return false;
    }

    private void sleepUntilRung() {
        int millis = sooner(duties.upkeep(), events.millisUntilRelease(this));
        arm();
        if (!hasWork() && !ended) {
            sleep(millis);
        }
        disarm();
    }

    /** The earlier of two times, of which -1 means never. */
    private static int sooner(int a, int b) {
        return a < 0 || b < 0 ? Math.max(a, b) : Math.min(a, b);
    }

    /** Wakes the upcall thread if it sleeps. Any thread. */
    public void wake() {
        bell.wake();
    }

    /** Ends the upcall thread, soon; for hosts of more than one domain. */
    public void stop() {
        ended = true;
        wake();
    }

    @Override
    public boolean isOwner() {
        return Thread.currentThread() == thread;
    }

    @Override
    public void arm() {
        bell.arm();
    }

    @Override
    public void sleep(int millis) {
        boolean lifeLineEnded = bell.sleep(millis);
        if (lifeLineEnded && !ended) {
            ended = true;
            ring.fail("the attach socket has ended");
            duties.lifeLineEnded();
        }
    }

    @Override
    public void disarm() {
        bell.disarm();
    }
}
