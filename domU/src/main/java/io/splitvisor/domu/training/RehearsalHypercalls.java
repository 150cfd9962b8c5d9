// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.training;

import io.splitvisor.abi.Hypercall;
import io.splitvisor.abi.MulticallEntry;
import io.splitvisor.abi.SchedOp;
import io.splitvisor.abi.SchedShutdown;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.evtchn.EventChannelOp;
import io.splitvisor.abi.evtchn.EventChannelStatus;
import io.splitvisor.abi.evtchn.EvtchnAllocUnbound;
import io.splitvisor.abi.evtchn.EvtchnBindInterdomain;
import io.splitvisor.abi.evtchn.EvtchnStatus;
import io.splitvisor.abi.grant.GnttabGetVersion;
import io.splitvisor.abi.grant.GnttabQuerySize;
import io.splitvisor.abi.grant.GrantTableOp;
import io.splitvisor.ring.BackRing;
import io.splitvisor.ring.Doorbell;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** The rehearsal's hypercalls: enough for a guest to attach, set up front ends and shut down. */
public final class RehearsalHypercalls {
    /** Until the guest shuts down. */
    public static final int RUNNING = -1;

    private static final int FIRST_FREE_PORT = 8;
    private static final int OFFERED_PORT = 100;

    private final List<Ring> rings = new ArrayList<>();
    private final MemorySegment memory;
    private final RehearsalDom0 dom0;
    private final ConcurrentHashMap<Integer, Runnable> listeners = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<Integer, AtomicInteger> sends = new ConcurrentHashMap<>();
    private int nextPort = FIRST_FREE_PORT;
    private volatile int shutdownReason = RUNNING;
    private volatile boolean held;
    private final AtomicInteger served = new AtomicInteger();

    /** A vCPU's ring, and the bell that wakes the vCPU. */
    private record Ring(BackRing ring, Doorbell bell) {}

    RehearsalHypercalls(MemorySegment memory, RehearsalDom0 dom0) {
        this.memory = memory;
        this.dom0 = dom0;
    }

    void add(MemorySegment ringPages, Doorbell vcpuBell) {
        rings.add(new Ring(BackRing.init(ringPages, MulticallEntry.SIZE), vcpuBell));
    }

    /** Why the guest shut down; {@link #RUNNING} while it has not. */
    public int shutdownReason() {
        return shutdownReason;
    }

    /** Calls served. */
    public int served() {
        return served.get();
    }

    /** How often the guest sent on a port. */
    public int sends(int port) {
        AtomicInteger count = sends.get(port);
        return count == null ? 0 : count.get();
    }

    /** Runs in the serving thread whenever the guest sends on a port. */
    public void onSend(int port, Runnable listener) {
        listeners.put(port, listener);
    }

    /** The port that {@code bind_interdomain} finds offered by any domain. */
    public static int offeredPort() {
        return OFFERED_PORT;
    }

    /** Stops serving, or goes on. */
    public void hold(boolean hold) {
        held = hold;
        dom0.wake();
    }

    int serve() {
        int count = 0;
        for (Ring ring : rings) {
            count += held ? 0 : serve(ring.ring, ring.bell);
        }
        served.addAndGet(count);
        return count;
    }

    private int serve(BackRing ring, Doorbell bell) {
        int count = ring.unconsumedRequests();
        for (int i = 0; i < count; i++) {
            MemorySegment call = ring.takeRequest();
            long result = call(
                    (int) MulticallEntry.op(call, 0),
                    (int) MulticallEntry.args(call, 0, 0),
                    MulticallEntry.args(call, 0, 1),
                    (int) MulticallEntry.args(call, 0, 2));
            MulticallEntry.result(ring.claimResponse(), 0, result);
        }
        if (count > 0 && ring.pushResponsesAndCheckNotify()) {
            bell.ring();
        }
        return count;
    }

    boolean arm() {
        boolean more = false;
        for (Ring ring : rings) {
            more |= !held && ring.ring.finalCheckForRequests() != 0;
        }
        return more;
    }

    private long call(int op, int command, long argument, int inCall) {
        return switch (op) {
            case Hypercall.EVENT_CHANNEL_OP -> eventChannelOp(command, argument, inCall);
            case Hypercall.GRANT_TABLE_OP -> grantTableOp(command, argument);
            case Hypercall.SCHED_OP -> schedOp(command, argument);
            // All vCPUs of the rehearsal are up.
            case Hypercall.VCPU_OP -> 0;
            case Hypercall.XEN_VERSION -> 4 << 16 | 17;
            default -> -XenErrno.ENOSYS;
        };
    }

    private long eventChannelOp(int command, long argument, int inCall) {
        switch (command) {
            case EventChannelOp.ALLOC_UNBOUND -> EvtchnAllocUnbound.port(memory, argument, nextPort++);
            case EventChannelOp.BIND_INTERDOMAIN -> {
                if (EvtchnBindInterdomain.remotePort(memory, argument) != OFFERED_PORT) {
                    return -XenErrno.EINVAL;
                }
                int port = nextPort++;
                EvtchnBindInterdomain.localPort(memory, argument, port);
                dom0.raise(port);
            }
            case EventChannelOp.SEND -> {
                int port = inCall;
                if (port <= 0 || port >= nextPort) {
                    return -XenErrno.EINVAL;
                }
                sends.computeIfAbsent(port, p -> new AtomicInteger()).incrementAndGet();
                Runnable listener = listeners.get(port);
                if (listener != null) {
                    listener.run();
                }
            }
            case EventChannelOp.STATUS ->
                EvtchnStatus.status(
                        memory,
                        argument,
                        EvtchnStatus.port(memory, argument) < nextPort
                                ? EventChannelStatus.INTERDOMAIN
                                : EventChannelStatus.CLOSED);
            case EventChannelOp.CLOSE, EventChannelOp.UNMASK -> {}
            default -> {
                return -XenErrno.ENOSYS;
            }
        }
        return 0;
    }

    private long grantTableOp(int command, long argument) {
        switch (command) {
            case GrantTableOp.QUERY_SIZE -> {
                GnttabQuerySize.nrFrames(memory, argument, dom0.layout().grantFrames());
                GnttabQuerySize.maxNrFrames(memory, argument, dom0.layout().grantFrames());
                GnttabQuerySize.status(memory, argument, 0);
            }
            case GrantTableOp.GET_VERSION -> GnttabGetVersion.version(memory, argument, 1);
            default -> {
                return -XenErrno.ENOSYS;
            }
        }
        return 0;
    }

    private long schedOp(int command, long argument) {
        switch (command) {
            case SchedOp.YIELD, SchedOp.BLOCK -> {}
            case SchedOp.SHUTDOWN -> shutdownReason = SchedShutdown.reason(memory, argument);
            default -> {
                return -XenErrno.ENOSYS;
            }
        }
        return 0;
    }
}
