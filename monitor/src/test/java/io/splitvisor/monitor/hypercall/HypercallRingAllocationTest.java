// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.splitvisor.abi.Hypercall;
import io.splitvisor.abi.MulticallEntry;
import io.splitvisor.abi.XenVersion;
import io.splitvisor.abi.evtchn.EventChannelOp;
import io.splitvisor.abi.evtchn.EvtchnSend;
import io.splitvisor.abi.evtchn.EvtchnStatus;
import io.splitvisor.abi.evtchn.EvtchnUnmask;
import io.splitvisor.abi.grant.GnttabQuerySize;
import io.splitvisor.abi.grant.GrantTableOp;
import io.splitvisor.monitor.Guest;
import io.splitvisor.monitor.Hypervisor;
import io.splitvisor.ring.FrontRing;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

/** A hypercall costs Dom0 no garbage, whatever it asks for and whether it succeeds. */
class HypercallRingAllocationTest {
    private static final Call[] CALLS = {
        new Call(Hypercall.EVENT_CHANNEL_OP, EventChannelOp.SEND, 0),
        new Call(Hypercall.EVENT_CHANNEL_OP, EventChannelOp.UNMASK, 16),
        new Call(Hypercall.EVENT_CHANNEL_OP, EventChannelOp.STATUS, 32),
        new Call(Hypercall.EVENT_CHANNEL_OP, EventChannelOp.SEND, -1),
        new Call(Hypercall.GRANT_TABLE_OP, GrantTableOp.QUERY_SIZE, 64),
        new Call(Hypercall.XEN_VERSION, XenVersion.VERSION, 0),
        new Call(60, 0, 0),
        new Call(Hypercall.SCHED_OP, 0, 0),
    };
    private static final int ROUNDS = 20_000;

    private record Call(int number, int command, long argument) {}

    @Test
    void shouldAllocateNothingPerCall() {
        try (Hypervisor hypervisor = new Hypervisor()) {
            Guest guest = hypervisor.guest();
            Guest peer = hypervisor.guest();
            int offered = guest.domain().events().allocUnbound(peer.domid());
            peer.domain().events().bindInterdomain(guest.domid(), offered);
            EvtchnSend.port(guest.memory(), 0, offered);
            EvtchnUnmask.port(guest.memory(), 16, offered);
            EvtchnStatus.dom(guest.memory(), 32, guest.domid());
            EvtchnStatus.port(guest.memory(), 32, offered);
            GnttabQuerySize.dom(guest.memory(), 64, guest.domid());
            HypercallRing ring = new HypercallRing(guest.domain(), 0, hypervisor.table());
            ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            long least = Long.MAX_VALUE;
            // The first measurements see the compiler at work.
            for (int measurement = 0; measurement < 10 && least > 0; measurement++) {
                long before = threads.getCurrentThreadAllocatedBytes();
                for (int round = 0; round < ROUNDS; round++) {
                    serveBatch(guest, ring);
                }
                least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
            }
            // The measurement itself may cost a few bytes; a single object per batch would be 16 bytes * ROUNDS.
            assertThat(least).isLessThan(ROUNDS);
            peer.takeEvents();
        }
    }

    /** Staged in a loop: what the compiler has no room left for to inline, it does not free of objects either. */
    private static void serveBatch(Guest guest, HypercallRing ring) {
        FrontRing front = guest.ring(0);
        for (Call call : CALLS) {
            stage(front, call.number, call.command, call.argument);
        }
        front.pushRequests();
        if (ring.serve() != CALLS.length) {
            throw new AssertionError("not served");
        }
        while (front.unconsumedResponses() > 0) {
            front.takeResponse();
        }
        if (ring.arm()) {
            throw new AssertionError("nothing is left to serve");
        }
    }

    private static void stage(FrontRing front, int number, int command, long argument) {
        MemorySegment entry = front.claimRequest();
        MulticallEntry.op(entry, 0, number);
        MulticallEntry.args(entry, 0, 0, command);
        MulticallEntry.args(entry, 0, 1, argument);
        MulticallEntry.args(entry, 0, 2, 1);
    }
}
