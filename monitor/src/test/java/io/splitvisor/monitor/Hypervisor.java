// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor;

import io.splitvisor.attach.DomainLayout;
import io.splitvisor.monitor.hypercall.HypercallContext;
import io.splitvisor.monitor.hypercall.HypercallTable;
import io.splitvisor.monitor.paging.PagingConfig;
import io.splitvisor.monitor.time.SystemClock;
import java.util.ArrayList;
import java.util.List;

/**
 * A monitor with its surroundings recorded, for tests. Closing it destroys all domains and checks that nothing is left of
 * them: neither descriptors, nor ports, nor grants in use.
 */
public final class Hypervisor implements AutoCloseable {
    /** RAM of a test domain, in pages. */
    public static final int RAM_PAGES = 64;

    /** Frames of a test domain's grant table. */
    public static final int GRANT_FRAMES = 2;

    private final int descriptorsBefore = OpenDescriptors.count();
    private final RecordingListener listener = new RecordingListener();
    private final RecordingDelivery dom0 = new RecordingDelivery();
    private final ManualTime time = new ManualTime();
    private final SystemClock clock = new SystemClock(time);
    private final Monitor monitor;
    private final HypercallTable table;
    private final List<Guest> guests = new ArrayList<>();
    private final List<Domain> privileged = new ArrayList<>();

    /** The first guest has number 1. */
    public Hypervisor() {
        this(1);
    }

    /** The first guest has this number; the one with 0 is privileged. */
    public Hypervisor(int firstDomid) {
        monitor = new Monitor(dom0, listener, clock, time, firstDomid);
        table = new HypercallTable(monitor);
    }

    /** The monitor. */
    public Monitor monitor() {
        return monitor;
    }

    /** Its host's clock. */
    public ManualTime time() {
        return time;
    }

    /** Its hypercalls. */
    public HypercallTable table() {
        return table;
    }

    /** Makes a hypercall for a guest's vCPU 0, beside its ring. */
    public long call(Guest guest, long number, long... words) {
        return table.run(new HypercallContext(guest.domain(), 0), number, words);
    }

    /** Events that reached Dom0. */
    public RecordingDelivery dom0() {
        return dom0;
    }

    /** How domains ended. */
    public List<String> endings() {
        return listener.endings();
    }

    /** Lines that guests wrote to the log. */
    public List<String> logged() {
        return listener.lines();
    }

    /** A domain that may do what Dom0 may. */
    public Domain privileged() {
        DomainLayout layout = new DomainLayout(RAM_PAGES, GRANT_FRAMES, 1);
        Domain domain = new Domain(
                0,
                DomainResources.create(0, layout, RAM_PAGES, PagingConfig.NONE),
                layout,
                PagingConfig.NONE,
                listener,
                new Object(),
                _ -> null,
                clock,
                time);
        privileged.add(domain);
        return domain;
    }

    /** A guest with one vCPU. */
    public Guest guest() {
        return guest(new DomainLayout(RAM_PAGES, GRANT_FRAMES, 1));
    }

    /** A guest. */
    public Guest guest(DomainLayout layout) {
        return guest(layout, PagingConfig.NONE);
    }

    /** A guest with page tables. */
    public Guest guest(DomainLayout layout, PagingConfig paging) {
        Guest guest = new Guest(monitor.create(layout, layout.ramPages(), paging));
        guests.add(guest);
        return guest;
    }

    @Override
    public void close() {
        List<String> left = new ArrayList<>();
        privileged.forEach(Domain::close);
        for (Guest guest : guests) {
            int inUse = guest.domain().grants().inUse();
            if (inUse > 0) {
                left.add(inUse + " grants of domain " + guest.domid() + " in use");
                continue;
            }
            monitor.destroy(guest.domain());
            int open = guest.domain().events().open();
            if (open > 0) {
                left.add(open + " ports of domain " + guest.domid());
            }
        }
        for (int port = 1; left.isEmpty() && port < 64; port++) {
            monitor.dom0Events().close(port);
        }
        if (monitor.dom0Events().open() > 0) {
            left.add(monitor.dom0Events().open() + " ports of Dom0");
        }
        monitor.close();
        int descriptors = OpenDescriptors.count() - descriptorsBefore;
        if (left.isEmpty() && descriptors != 0) {
            left.add(descriptors + " descriptors");
        }
        if (!left.isEmpty()) {
            throw new AssertionError("left behind: " + left);
        }
    }
}
