// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import io.splitvisor.abi.SharedInfo;
import io.splitvisor.abi.VcpuInfo;
import io.splitvisor.abi.grant.GrantEntryV1;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.domu.grant.GrantTable;
import io.splitvisor.domu.memory.GuestMemory;
import io.splitvisor.driver.testkit.TestMappings.TornRing;
import io.splitvisor.driver.testkit.Turns.Turn;
import io.splitvisor.frontend.Suspendable;
import io.splitvisor.monitor.Domain;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** A guest without a process: real memory, grant table and event words. */
public final class TestGuest {
    private static final long RETRY_NANOS = GrantTable.RETRY_MILLIS * 1_000_000L;

    private final Machine machine;
    private final Domain domain;
    private final GuestMemory memory;
    private final GrantTable grants;
    private final MemorySegment sharedInfo;
    private final Map<Integer, Handler> handlers = new ConcurrentSkipListMap<>();
    private final List<TornRing> rings = new ArrayList<>();
    private final List<Life> lives = new ArrayList<>();
    private final List<Suspendable> followers = new CopyOnWriteArrayList<>();
    private boolean retrying;
    private boolean dead;

    private record Handler(Life life, int port, Runnable action) {}

    TestGuest(Machine machine, Domain domain) {
        this.machine = machine;
        this.domain = domain;
        DomainLayout layout = domain.memory().layout();
        this.memory = new GuestMemory(domain.memory().segment(), layout);
        this.grants = new GrantTable(memory);
        this.sharedInfo = memory.page(layout.sharedInfo());
    }

    /** Its number. */
    public int domid() {
        return domain.domid();
    }

    /** The monitor's view of it. */
    public Domain domain() {
        return domain;
    }

    /** Its memory. */
    public GuestMemory memory() {
        return memory;
    }

    /** Its grant table. */
    public GrantTable grants() {
        return grants;
    }

    /** Whether it was killed. */
    public boolean isDead() {
        return dead;
    }

    /** A front end's view of the domain. It can be killed alone, as a driver that crashes, or a kexec, would. */
    public TestFrontendDomain newFrontend() {
        Life life = new Life("front end " + domid() + (lives.isEmpty() ? "" : "." + lives.size()), End.FRONT);
        life.slowness(machine.faults().slowness(End.FRONT));
        lives.add(life);
        return new TestFrontendDomain(machine, this, life);
    }

    List<Suspendable> followers() {
        return followers;
    }

    /** It is about to be suspended: done when its front ends have come to rest. */
    public CompletableFuture<Void> suspend() {
        return CompletableFuture.allOf(
                followers.stream().map(Suspendable::suspending).toArray(CompletableFuture[]::new));
    }

    /** It was suspended, and goes on as if nothing had been. */
    public void cancelSuspend() {
        followers.forEach(Suspendable::suspendCancelled);
    }

    /** It was suspended, and goes on as a new domain. */
    public void resume() {
        followers.forEach(Suspendable::resumed);
    }

    /** Rings of this guest that are mapped. */
    List<TornRing> rings() {
        return rings;
    }

    List<Life> lives() {
        return lives;
    }

    void handle(int port, Life life, Runnable action) {
        handlers.put(port, new Handler(life, port, action));
    }

    void forgetHandler(int port) {
        handlers.remove(port);
    }

    /** Clears a grant entry that nobody uses, as a hostile guest may at any time. */
    void forget(int ref) {
        int entries = domain.memory().layout().grantFrames() * DomainLayout.PAGE_SIZE / GrantEntryV1.SIZE;
        if (ref >= 0 && ref < entries) {
            MemorySegment table = domain.memory()
                    .pages(
                            domain.memory().layout().grantTable(),
                            domain.memory().layout().grantFrames());
            GrantEntryV1.flagsRelease(table, GrantEntryV1.entry(0, ref), 0);
        }
    }

    /** After a step: makes steps of what is pending, as an upcall would. */
    void collect() {
        if (dead) {
            return;
        }
        long info = SharedInfo.vcpuInfo(0, 0);
        if (VcpuInfo.isUpcallPendingAcquire(sharedInfo, info)) {
            VcpuInfo.clearUpcallPendingVolatile(sharedInfo, info);
            long words = VcpuInfo.takePendingSelVolatile(sharedInfo, info);
            for (; words != 0; words &= words - 1) {
                collect(Long.numberOfTrailingZeros(words));
            }
        }
        if (grants.deferred() > 0 && !retrying) {
            retrying = true;
            VirtualTime.Timer unused = machine.time().after(RETRY_NANOS, this::retryGrants);
        }
    }

    private void retryGrants() {
        retrying = false;
        if (!dead) {
            grants.retryDeferred();
        }
    }

    private void collect(int word) {
        long active = SharedInfo.activeWordVolatile(sharedInfo, 0, word);
        for (; active != 0; active &= active - 1) {
            int port = word * Long.SIZE + Long.numberOfTrailingZeros(active);
            boolean unused = SharedInfo.testAndClearPendingVolatile(sharedInfo, 0, port);
            Handler handler = handlers.get(port);
            if (handler != null) {
                turn(handler);
            }
        }
    }

    private void turn(Handler handler) {
        if (!handler.life.isOver()) {
            String label = handler.life + ": event on port " + handler.port;
            machine.notification(End.FRONT, handler, new Turn(handler.life, label, handler.action));
        }
    }

    /** Calls every handler, as if its port were pending. */
    void poke() {
        handlers.values().forEach(this::turn);
    }

    void die() {
        dead = true;
        lives.forEach(machine::end);
    }

    @Override
    public String toString() {
        return "guest " + domid();
    }
}
