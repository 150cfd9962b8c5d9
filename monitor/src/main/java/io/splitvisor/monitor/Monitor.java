// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor;

import io.splitvisor.abi.DomId;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.monitor.evtchn.EventChannels;
import io.splitvisor.monitor.evtchn.EventDelivery;
import io.splitvisor.monitor.paging.PagingConfig;
import io.splitvisor.monitor.time.Alarms;
import io.splitvisor.monitor.time.SystemClock;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;

/** All domains. Dom0 is one of them, with no memory of its own here but what its hypercalls need. Thread-safe. */
public final class Monitor implements AutoCloseable {
    /** Dom0's ports: enough for hundreds of domains with a few devices each. */
    private static final int DOM0_PORTS = 1 << 16;

    /** Memory for Dom0's own hypercalls: their structures, and what these point to. */
    private static final DomainLayout DOM0_LAYOUT = new DomainLayout(32, 1, 1);

    /** Ports closed, and pages unmapped, in one go while a domain dies, so that others get the lock in between. */
    private static final int DESTROY_SLICE = 256;

    private final ConcurrentSkipListMap<Integer, Domain> domains = new ConcurrentSkipListMap<>();
    private final Object eventLock = new Object();
    private final EventChannels dom0Events;
    private final MonitorListener listener;
    private final SystemClock clock;
    private final Alarms alarms;
    private int nextDomid;
    private Domain dom0;
    private volatile Machine machine = Machine.unknown();

    /**
     * @param dom0 how events reach Dom0
     * @param listener who is told about the end of domains
     * @param clock system time
     * @param alarms who calls when a time has come
     */
    public Monitor(EventDelivery dom0, MonitorListener listener, SystemClock clock, Alarms alarms) {
        this(dom0, listener, clock, alarms, 1);
    }

    /** As above, with the number of the first domain. */
    Monitor(EventDelivery dom0, MonitorListener listener, SystemClock clock, Alarms alarms, int firstDomid) {
        this.listener = listener;
        this.clock = clock;
        this.alarms = alarms;
        this.nextDomid = firstDomid;
        this.dom0Events = new EventChannels(0, dom0, 1, DOM0_PORTS, eventLock, this::eventsOf);
    }

    /** Dom0's event channels. */
    public EventChannels dom0Events() {
        return dom0Events;
    }

    /**
     * Dom0 as a domain that makes hypercalls: privileged, with its event channels, and a little memory for arguments. Made
     * when it is first asked for.
     */
    public synchronized Domain dom0() {
        if (dom0 == null) {
            DomainResources resources =
                    DomainResources.create(0, DOM0_LAYOUT, DOM0_LAYOUT.ramPages(), PagingConfig.NONE);
            dom0 = new Domain(
                    0,
                    resources,
                    DOM0_LAYOUT,
                    PagingConfig.NONE,
                    listener,
                    dom0Events,
                    eventLock,
                    this::eventsOf,
                    clock,
                    alarms);
        }
        return dom0;
    }

    /** What is around the monitor. */
    public Machine machine() {
        return machine;
    }

    /** Tells what is around the monitor. */
    public void machine(Machine real) {
        machine = real;
    }

    /** System time. */
    public SystemClock clock() {
        return clock;
    }

    /** A domain's event channels, Dom0's too; null if there is no such domain. */
    public EventChannels eventsOf(int domid) {
        if (domid == 0) {
            return dom0Events;
        }
        Domain domain = domains.get(domid);
        return domain == null ? null : domain.events();
    }

    /**
     * Makes a domain with empty memory.
     *
     * @throws io.splitvisor.host.HostException if the host has not enough of something; then nothing is left behind
     */
    public Domain create(DomainLayout layout) {
        return create(layout, layout.ramPages());
    }

    /**
     * As above, for a domain that may grow.
     *
     * @param populated pages of RAM that it has at first; the layout's are the most that it can have
     */
    public Domain create(DomainLayout layout, int populated) {
        return create(layout, populated, PagingConfig.NONE);
    }

    /**
     * As above, for a domain with page tables.
     *
     * @param paging how its memory is virtualized
     */
    public synchronized Domain create(DomainLayout layout, int populated, PagingConfig paging) {
        int domid = freeDomid();
        DomainResources resources = DomainResources.create(domid, layout, populated, paging);
        Domain domain =
                new Domain(domid, resources, layout, paging, listener, eventLock, this::eventsOf, clock, alarms);
        domains.put(domid, domain);
        return domain;
    }

    /** Numbers are used in turn, so that one just freed rests as long as possible (row X23). */
    private int freeDomid() {
        for (int tries = 1; tries < DomId.FIRST_RESERVED; tries++) {
            int candidate = nextDomid;
            nextDomid = candidate + 1 < DomId.FIRST_RESERVED ? candidate + 1 : 1;
            if (!domains.containsKey(candidate)) {
                return candidate;
            }
        }
        throw new IllegalStateException("all domain numbers are in use");
    }

    /** A domain by number; null if there is none. */
    public Domain find(int domid) {
        return domains.get(domid);
    }

    /** The domain with this number or, if there is none, with the next one; null at the end. Dom0 is one of them. */
    public Domain findFrom(int domid) {
        if (domid <= 0) {
            return dom0();
        }
        Map.Entry<Integer, Domain> entry = domains.ceilingEntry(domid);
        return entry == null ? null : entry.getValue();
    }

    /** Whether a guest stands still. Not so for a domain that does not exist, nor for Dom0. */
    public boolean isPaused(int domid) {
        Domain domain = domains.get(domid);
        return domain != null && domain.paused();
    }

    /** All guests, by number. */
    public Collection<Domain> domains() {
        return domains.values();
    }

    /**
     * Takes a domain away: closes its event channels, unmaps what it has mapped, then gives its memory back. Nothing happens to a domain that is gone
     * already.
     *
     * @throws IllegalStateException if somebody still uses a page of it; then it stays, offers no page any more, and can be
     *     destroyed later
     */
    public void destroy(Domain domain) {
        if (domains.get(domain.domid()) != domain) {
            return;
        }
        domain.startDying();
        while (!domain.events().destroy(DESTROY_SLICE)) {
            Thread.onSpinWait();
        }
        while (!domain.grants().maptrack().release(DESTROY_SLICE)) {
            Thread.onSpinWait();
        }
        while (!domain.paging().relinquish(DESTROY_SLICE)) {
            Thread.onSpinWait();
        }
        int inUse = domain.grants().retire();
        if (inUse > 0) {
            throw new IllegalStateException(inUse + " grants of domain " + domain.domid() + " are in use");
        }
        domain.close();
        domains.remove(domain.domid(), domain);
    }

    /** Gives back what Dom0 has here. Nobody calls for it any more; domains stay. Idempotent. */
    @Override
    public synchronized void close() {
        if (dom0 != null) {
            dom0.close();
        }
    }
}
