// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import io.splitvisor.abi.SchedPoll;
import io.splitvisor.abi.SchedRemoteShutdown;
import io.splitvisor.abi.SchedShutdown;
import io.splitvisor.abi.SchedWatchdog;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.hypercall.HypercallOp;
import io.splitvisor.monitor.Domain;
import io.splitvisor.monitor.Monitor;
import io.splitvisor.monitor.PolledPorts;
import io.splitvisor.monitor.Vcpu;
import io.splitvisor.monitor.VcpuScheduling;
import java.lang.foreign.MemorySegment;

/**
 * {@code sched_op(cmd, arg)}. {@code block} and {@code poll} keep the vCPU waiting, as Xen does: the calls behind them in its
 * ring are served when they are over; other vCPUs are not concerned.
 */
final class SchedHandlers {
    /** What {@code SCHEDOP_shutdown} returns to a domain that goes on as it was; 0 is for a new one. */
    private static final long SUSPEND_CANCELLED = 1;

    private static final long NO_TIMEOUT = 0;

    private final Monitor monitor;

    SchedHandlers(Monitor monitor) {
        this.monitor = monitor;
    }

    void bind(HypercallTable table) {
        // Ends the turn, and so publishes the results of the calls before it; the thread is the host's to schedule.
        table.bind(HypercallOp.SCHEDOP_YIELD, call -> {
            call.endTurn();
            return 0;
        });
        table.bind(HypercallOp.SCHEDOP_BLOCK, SchedHandlers::block);
        table.bind(HypercallOp.SCHEDOP_SHUTDOWN, SchedHandlers::shutdown);
        table.bind(HypercallOp.SCHEDOP_POLL, SchedHandlers::poll);
        table.bind(HypercallOp.SCHEDOP_REMOTE_SHUTDOWN, this::remoteShutdown);
        table.bind(HypercallOp.SCHEDOP_SHUTDOWN_CODE, call -> {
            call.caller().shutdownCode(SchedShutdown.reason(call.argument(), 0));
            return 0;
        });
        table.bind(HypercallOp.SCHEDOP_WATCHDOG, call -> call.caller()
                .watchdogs()
                .set(SchedWatchdog.id(call.argument(), 0), SchedWatchdog.timeout(call.argument(), 0)));
    }

    /** Completes when the domain is resumed, if it is suspended; what it returns says how (Linux, {@code xen_suspend}). */
    private static long shutdown(HypercallContext call) {
        if (call.resumed()) {
            return call.caller().resumedAnew() ? 0 : SUSPEND_CANCELLED;
        }
        call.caller().shutdown(SchedShutdown.reason(call.argument(), 0));
        return call.caller().suspended() ? HypercallContext.PREEMPTED : 0;
    }

    /** Lets upcalls through, and completes when one is due. */
    private static long block(HypercallContext call) {
        Vcpu vcpu = call.caller().vcpu(call.vcpu());
        if (call.resumed()) {
            return vcpu.waitsFor() == Vcpu.Wait.NONE ? ended(call) : HypercallContext.PREEMPTED;
        }
        vcpu.unmaskUpcall();
        vcpu.await(Vcpu.Wait.UPCALL);
        if (vcpu.isUpcallDue()) {
            vcpu.endWait();
            return 0;
        }
        return begun(call);
    }

    private static long begun(HypercallContext call) {
        call.caller().scheduling(call.vcpu()).waits(true);
        return HypercallContext.PREEMPTED;
    }

    private static long ended(HypercallContext call) {
        VcpuScheduling scheduling = call.caller().scheduling(call.vcpu());
        scheduling.timers().stopPoll();
        scheduling.waits(false);
        return 0;
    }

    /**
     * Completes when one of the ports is pending, an upcall is due, or the time is over; the result is 0 in each case. The
     * ports are copied in once, when the call comes.
     */
    private static long poll(HypercallContext call) {
        Vcpu vcpu = call.caller().vcpu(call.vcpu());
        PolledPorts ports = call.caller().scheduling(call.vcpu()).polled();
        if (call.resumed()) {
            return pollOn(call, vcpu, ports);
        }
        MemorySegment argument = call.argument();
        int count = SchedPoll.nrPorts(argument, 0);
        if (count < 0 || count > PolledPorts.MOST) {
            return -XenErrno.EINVAL;
        }
        if (!ports.copyIn(call.caller().memory(), SchedPoll.ports(argument, 0), count)) {
            return -XenErrno.EFAULT;
        }
        vcpu.await(Vcpu.Wait.PORT);
        int found = vcpu.isUpcallDue() ? 1 : ports.look(call.caller().events());
        if (found != 0) {
            vcpu.endWait();
            return Math.min(found, 0);
        }
        long timeout = SchedPoll.timeout(argument, 0);
        if (timeout != NO_TIMEOUT) {
            call.caller().scheduling(call.vcpu()).timers().setPoll(timeout);
        }
        return begun(call);
    }

    private static long pollOn(HypercallContext call, Vcpu vcpu, PolledPorts ports) {
        if (vcpu.waitsFor() == Vcpu.Wait.LOOK) {
            vcpu.awaitFurther();
            // A port may have been closed meanwhile: that ends the poll, too.
            if (ports.look(call.caller().events()) != 0) {
                vcpu.endWait();
            }
        }
        return vcpu.waitsFor() == Vcpu.Wait.NONE ? ended(call) : HypercallContext.PREEMPTED;
    }

    /** For a privileged domain; Dom0 itself is not one of the callers here, and ends domains by its own means. */
    private long remoteShutdown(HypercallContext call) {
        if (!call.caller().privileged()) {
            return -XenErrno.EPERM;
        }
        Domain target = monitor.find(SchedRemoteShutdown.domainId(call.argument(), 0));
        if (target == null) {
            return -XenErrno.ESRCH;
        }
        target.shutdown(SchedRemoteShutdown.reason(call.argument(), 0));
        return 0;
    }
}
