// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import io.splitvisor.abi.MulticallEntry;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.backend.RingWorker;
import io.splitvisor.monitor.Domain;
import io.splitvisor.ring.BackRing;
import java.lang.foreign.MemorySegment;

/**
 * Serves the hypercall ring of one vCPU: a Xen ring whose slots are {@link MulticallEntry}, requests and responses in one.
 * Calls are served in order, and their results are published together, a slice at a time.
 */
public final class HypercallRing implements RingWorker {
    /** Calls served before others get their turn. */
    private static final int SLICE = 32;

    private final Domain domain;
    private final int vcpu;
    private final HypercallTable table;
    private final BackRing ring;
    private final MemorySegment memory;
    private final long[] arguments = new long[HypercallTable.ARGUMENTS];
    private long calls;

    /** The ring of a vCPU, which has just been initialised. */
    public HypercallRing(Domain domain, int vcpu, HypercallTable table) {
        this.domain = domain;
        this.vcpu = vcpu;
        this.table = table;
        this.memory =
                domain.memory().pages(domain.memory().layout().hypercallRing(vcpu), DomainLayout.HYPERCALL_RING_PAGES);
        this.ring = BackRing.init(memory, MulticallEntry.SIZE);
    }

    /** Calls served so far. A figure for people: read by other threads without order. */
    public long calls() {
        return calls;
    }

    @Override
    public int serve() {
        if (standsStill()) {
            return 0;
        }
        if (ring.requestOverflow()) {
            domain.crash("hypercall ring of vCPU " + vcpu + ": more requests than slots");
            return 0;
        }
        int available = Math.min(ring.unconsumedRequests(), SLICE);
        int count = 0;
        // A call may end the domain: what comes after it in the batch is not executed (row H4).
        while (count < available && !domain.ended()) {
            count++;
            long at = ring.takeRequest();
            long number = MulticallEntry.op(memory, at);
            for (int a = 0; a < HypercallTable.ARGUMENTS; a++) {
                arguments[a] = MulticallEntry.args(memory, at, a);
            }
            long result = table.call(domain, number, arguments);
            // One response a request, in order: the response's slot is the request's.
            MulticallEntry.result(memory, ring.claimResponse(), result);
        }
        if (count > 0) {
            calls += count;
            if (ring.pushResponsesAndCheckNotify()) {
                domain.vcpuBell(vcpu).ring();
            }
        }
        return count;
    }

    /** A domain that has ended never asks for anything again, whatever it writes into its ring. */
    private boolean standsStill() {
        return domain.paused() || domain.ended();
    }

    @Override
    public boolean arm() {
        return !standsStill() && ring.finalCheckForRequests() != 0;
    }

    @Override
    public void failed(RuntimeException cause) {
        domain.crash("hypercall of vCPU " + vcpu + " failed in the monitor: " + cause);
    }
}
