// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor;

import io.splitvisor.abi.SharedInfo;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.host.EventFd;
import io.splitvisor.host.SharedMemory;
import io.splitvisor.monitor.evtchn.EventChannels;
import io.splitvisor.monitor.evtchn.GuestDelivery;
import io.splitvisor.monitor.grant.GrantTable;
import io.splitvisor.monitor.memory.GuestMemory;
import io.splitvisor.ring.Doorbell;
import io.splitvisor.ring.SharedRing;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntFunction;

/** A guest as the monitor knows it: its memory, its event channels, its grants, its bells. */
public final class Domain {
    /** Port numbers are below this, with the larger of the two ABIs. */
    private static final int PORTS = io.splitvisor.abi.evtchn.EventChannels.FIFO_NR_CHANNELS;

    private final int domid;
    private final DomainResources resources;
    private final GuestMemory memory;
    private final Vcpu[] vcpus;
    private final GuestDelivery delivery;
    private final EventChannels events;
    private final GrantTable grants;
    private final MonitorListener listener;
    private final AtomicBoolean ended = new AtomicBoolean();
    private volatile boolean paused;

    /** Takes the resources over, and gives them back if this fails. */
    Domain(
            int domid,
            DomainResources resources,
            DomainLayout layout,
            int populated,
            MonitorListener listener,
            Object lock,
            IntFunction<EventChannels> domains) {
        this.domid = domid;
        this.resources = resources;
        this.listener = listener;
        boolean complete = false;
        try {
            this.memory = new GuestMemory(resources.ram(), layout, populated);
            this.grants = new GrantTable(memory);
            this.vcpus = new Vcpu[layout.vcpus()];
            MemorySegment sharedInfo = memory.page(layout.sharedInfo());
            for (int vcpu = 0; vcpu < layout.vcpus(); vcpu++) {
                long asleep = DomainLayout.bytes(layout.vcpuControl(vcpu)) + DomainLayout.VCPU_ASLEEP;
                Doorbell bell = new Doorbell(resources.ram().segment(), asleep, resources.bellToGuest());
                vcpus[vcpu] = new Vcpu(vcpu, bell, new Vcpu.Info(sharedInfo, SharedInfo.vcpuInfo(0, vcpu)));
                SharedRing.init(memory.pages(layout.hypercallRing(vcpu), DomainLayout.HYPERCALL_RING_PAGES));
            }
            this.delivery = new GuestDelivery(memory, vcpus);
            this.events = new EventChannels(domid, delivery, vcpus.length, PORTS, lock, domains);
            complete = true;
        } finally {
            if (!complete) {
                resources.close();
            }
        }
    }

    /** The domain's number. */
    public int domid() {
        return domid;
    }

    /** Whether it may do what concerns other domains, or all of them. */
    public boolean privileged() {
        return domid == 0;
    }

    /** Its guest-physical memory. */
    public GuestMemory memory() {
        return memory;
    }

    /** The memory that only the monitor writes. */
    public SharedMemory monitorPages() {
        return resources.monitorPages();
    }

    /** Its event channels. */
    public EventChannels events() {
        return events;
    }

    /** Its grant table. */
    public GrantTable grants() {
        return grants;
    }

    /** The bell that the guest rings for Dom0. */
    public EventFd bellToDom0() {
        return resources.bellToDom0();
    }

    /** The bell that wakes the guest. */
    public EventFd bellToGuest() {
        return resources.bellToGuest();
    }

    /** A vCPU by number, from 0 to {@link #vcpus} - 1. */
    public Vcpu vcpu(int id) {
        return vcpus[id];
    }

    /** How many vCPUs it has. */
    public int vcpus() {
        return vcpus.length;
    }

    /** Whether its hypercalls and rings stand still. */
    public boolean paused() {
        return paused;
    }

    /** Lets hypercalls and rings stand still, or go on. Whoever goes on has to wake the workers. */
    public void pause(boolean value) {
        paused = value;
    }

    /** Whether the guest has ended, in whatever way: none of its hypercalls is served any more. */
    public boolean ended() {
        return ended.get();
    }

    /** The guest ended in an orderly way; only the first end counts. */
    public void shutdown(int reason) {
        if (ended.compareAndSet(false, true)) {
            listener.shutdown(this, reason);
        }
    }

    /** The guest did what it may not; only the first end counts. */
    public void crash(String why) {
        if (ended.compareAndSet(false, true)) {
            listener.crashed(this, why);
        }
    }

    /**
     * Gives the memory back. Nobody uses it any more, neither loops and back ends nor the process; late events are
     * dropped. Idempotent.
     */
    void close() {
        delivery.close();
        resources.close();
    }
}
