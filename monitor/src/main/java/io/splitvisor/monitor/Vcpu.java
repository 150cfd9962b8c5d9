// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor;

import io.splitvisor.abi.VcpuInfo;
import io.splitvisor.ring.Doorbell;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A virtual processor as the monitor knows it: where its vcpu_info lies, the bell that wakes it, and whether it waits in a
 * hypercall. Any thread may send it an event; everything else is the domain's thread's.
 */
public final class Vcpu {
    private final int id;
    private final Doorbell bell;
    private final AtomicReference<Wait> wait = new AtomicReference<>(Wait.NONE);
    private volatile Info info;
    private volatile boolean down;
    private volatile Runnable waker = () -> {};

    /**
     * Where a vcpu_info lies. Immutable, so that a sender that looks it up without a lock sees one place or the other.
     *
     * @param memory memory of the guest
     * @param at offset of the structure in it
     */
    public record Info(MemorySegment memory, long at) {}

    /** What a vCPU waits for in a hypercall; its further calls wait behind it. */
    public enum Wait {
        /** It does not wait. */
        NONE,
        /** An upcall to itself ({@code SCHEDOP_block}). */
        UPCALL,
        /** A port, masked or not, or an upcall ({@code SCHEDOP_poll}). */
        PORT,
        /** Some port was set pending while it waited for one: it looks whether it is one of its own. */
        LOOK
    }

    /** A vCPU with its bell, and its vcpu_info in its first place. All but the first are down. */
    public Vcpu(int id, Doorbell bell, Info info) {
        this.id = id;
        this.bell = bell;
        this.info = info;
        this.down = id != 0;
    }

    /** Its number in the domain, from 0. */
    public int id() {
        return id;
    }

    /** Wakes it if it sleeps. */
    public Doorbell bell() {
        return bell;
    }

    /** Where its vcpu_info lies now: in shared_info, until the guest moves it. */
    public Info info() {
        return info;
    }

    /** The guest moved its vcpu_info. */
    void info(Info place) {
        info = place;
    }

    /** Sets how the vCPU's hypercall ring is served again, when the vCPU has waited or was down. */
    public void onWake(Runnable serveAgain) {
        waker = serveAgain;
    }

    /** Asks for an upcall; if it was not asked before, wakes it, asleep or waiting as it may be. Any thread. */
    public void upcall() {
        Info place = info;
        if (!VcpuInfo.testAndSetUpcallPendingVolatile(place.memory(), place.at())) {
            bell.ringAfterVolatile();
            if (wait.get() != Wait.NONE) {
                endWait();
            }
        }
    }

    /** A port of the domain was set pending just now: if this vCPU polls, it looks at its ports. Any thread. */
    public void portRaised() {
        if (wait.get() == Wait.PORT && wait.compareAndSet(Wait.PORT, Wait.LOOK)) {
            waker.run();
        }
    }

    /** It does not wait any more, and its ring is served again, if it waits at all. Any thread. */
    public void endWait() {
        if (wait.getAndSet(Wait.NONE) != Wait.NONE) {
            waker.run();
        }
    }

    /**
     * It waits from now on. Whoever calls this looks once more for what is waited for: a sender publishes that first and then
     * looks whether somebody waits, so one of the two sees the other.
     */
    public void await(Wait reason) {
        wait.set(reason);
        VarHandle.fullFence();
    }

    /** It found no port of its own pending: it waits on, unless an upcall has ended that. Look once more, as after await. */
    public void awaitFurther() {
        wait.compareAndSet(Wait.LOOK, Wait.PORT);
        VarHandle.fullFence();
    }

    /** What it waits for. */
    public Wait waitsFor() {
        return wait.get();
    }

    /** Whether its hypercalls stand still: it is down, or one of them waits. */
    public boolean standsStill() {
        Wait reason = wait.get();
        return down || reason == Wait.UPCALL || reason == Wait.PORT;
    }

    /** Whether an upcall is due. */
    public boolean isUpcallDue() {
        Info place = info;
        return VcpuInfo.isUpcallPendingAcquire(place.memory, place.at)
                && !VcpuInfo.isUpcallMaskedAcquire(place.memory, place.at);
    }

    /** Lets upcalls through. */
    public void unmaskUpcall() {
        Info place = info;
        VcpuInfo.upcallMaskVolatile(place.memory, place.at, false);
    }

    /** Whether it is down: its calls are not served. Events are set pending for it all the same. */
    public boolean isDown() {
        return down;
    }

    /** Takes it down, or brings it up. */
    void down(boolean value) {
        down = value;
        if (!value) {
            waker.run();
        }
    }
}
