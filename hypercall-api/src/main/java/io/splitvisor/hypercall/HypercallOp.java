// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.hypercall;

import static io.splitvisor.hypercall.HypercallArgument.array;
import static io.splitvisor.hypercall.HypercallArgument.in;
import static io.splitvisor.hypercall.HypercallArgument.inOut;
import static io.splitvisor.hypercall.HypercallArgument.none;
import static io.splitvisor.hypercall.HypercallArgument.out;

import io.splitvisor.abi.Hypercall;
import io.splitvisor.abi.SchedOp;
import io.splitvisor.abi.SchedPoll;
import io.splitvisor.abi.SchedRemoteShutdown;
import io.splitvisor.abi.SchedShutdown;
import io.splitvisor.abi.SchedWatchdog;
import io.splitvisor.abi.VcpuOp;
import io.splitvisor.abi.VcpuRegisterRunstateMemoryArea;
import io.splitvisor.abi.VcpuRegisterTimeMemoryArea;
import io.splitvisor.abi.VcpuRegisterVcpuInfo;
import io.splitvisor.abi.VcpuRunstateInfo;
import io.splitvisor.abi.VcpuSetPeriodicTimer;
import io.splitvisor.abi.VcpuSetSingleshotTimer;
import io.splitvisor.abi.VmAssist;
import io.splitvisor.abi.XenVersion;
import io.splitvisor.abi.evtchn.EventChannelOp;
import io.splitvisor.abi.evtchn.EvtchnAllocUnbound;
import io.splitvisor.abi.evtchn.EvtchnBindInterdomain;
import io.splitvisor.abi.evtchn.EvtchnBindIpi;
import io.splitvisor.abi.evtchn.EvtchnBindPirq;
import io.splitvisor.abi.evtchn.EvtchnBindVcpu;
import io.splitvisor.abi.evtchn.EvtchnBindVirq;
import io.splitvisor.abi.evtchn.EvtchnClose;
import io.splitvisor.abi.evtchn.EvtchnExpandArray;
import io.splitvisor.abi.evtchn.EvtchnInitControl;
import io.splitvisor.abi.evtchn.EvtchnReset;
import io.splitvisor.abi.evtchn.EvtchnSend;
import io.splitvisor.abi.evtchn.EvtchnSetPriority;
import io.splitvisor.abi.evtchn.EvtchnStatus;
import io.splitvisor.abi.evtchn.EvtchnUnmask;
import io.splitvisor.abi.grant.GnttabCacheFlush;
import io.splitvisor.abi.grant.GnttabCopy;
import io.splitvisor.abi.grant.GnttabGetStatusFrames;
import io.splitvisor.abi.grant.GnttabGetVersion;
import io.splitvisor.abi.grant.GnttabMapGrantRef;
import io.splitvisor.abi.grant.GnttabQuerySize;
import io.splitvisor.abi.grant.GnttabSetVersion;
import io.splitvisor.abi.grant.GnttabSetupTable;
import io.splitvisor.abi.grant.GnttabSwapGrantRef;
import io.splitvisor.abi.grant.GnttabTransfer;
import io.splitvisor.abi.grant.GnttabUnmapAndReplace;
import io.splitvisor.abi.grant.GnttabUnmapGrantRef;
import io.splitvisor.abi.grant.GrantTableOp;

/**
 * Every operation that a guest can ask the monitor for: the one table behind the dispatcher, the client and the
 * documentation. Numbers, commands and structures are Xen's.
 */
public enum HypercallOp {
    // xen_version(cmd, arg)
    XENVER_VERSION(Hypercall.XEN_VERSION, XenVersion.VERSION, "XENVER_version", none(), "major version << 16 | minor"),
    XENVER_PAGESIZE(Hypercall.XEN_VERSION, XenVersion.PAGESIZE, "XENVER_pagesize", none(), "bytes of a page"),

    // grant_table_op(cmd, uop, count)
    GNTTABOP_MAP_GRANT_REF(
            Hypercall.GRANT_TABLE_OP,
            GrantTableOp.MAP_GRANT_REF,
            "GNTTABOP_map_grant_ref",
            array("gnttab_map_grant_ref", GnttabMapGrantRef.SIZE),
            "maps granted pages"),
    GNTTABOP_UNMAP_GRANT_REF(
            Hypercall.GRANT_TABLE_OP,
            GrantTableOp.UNMAP_GRANT_REF,
            "GNTTABOP_unmap_grant_ref",
            array("gnttab_unmap_grant_ref", GnttabUnmapGrantRef.SIZE),
            "undoes mappings"),
    GNTTABOP_SETUP_TABLE(
            Hypercall.GRANT_TABLE_OP,
            GrantTableOp.SETUP_TABLE,
            "GNTTABOP_setup_table",
            inOut("gnttab_setup_table", GnttabSetupTable.SIZE),
            "grows a grant table, and tells where its frames lie"),
    GNTTABOP_TRANSFER(
            Hypercall.GRANT_TABLE_OP,
            GrantTableOp.TRANSFER,
            "GNTTABOP_transfer",
            array("gnttab_transfer", GnttabTransfer.SIZE),
            "would give pages away; refused"),
    GNTTABOP_COPY(
            Hypercall.GRANT_TABLE_OP,
            GrantTableOp.COPY,
            "GNTTABOP_copy",
            array("gnttab_copy", GnttabCopy.SIZE),
            "copies bytes between own and granted pages"),
    GNTTABOP_QUERY_SIZE(
            Hypercall.GRANT_TABLE_OP,
            GrantTableOp.QUERY_SIZE,
            "GNTTABOP_query_size",
            inOut("gnttab_query_size", GnttabQuerySize.SIZE),
            "frames that a grant table has, and can have"),
    GNTTABOP_UNMAP_AND_REPLACE(
            Hypercall.GRANT_TABLE_OP,
            GrantTableOp.UNMAP_AND_REPLACE,
            "GNTTABOP_unmap_and_replace",
            array("gnttab_unmap_and_replace", GnttabUnmapAndReplace.SIZE),
            "undoes mappings, with other pages in their place"),
    GNTTABOP_SET_VERSION(
            Hypercall.GRANT_TABLE_OP,
            GrantTableOp.SET_VERSION,
            "GNTTABOP_set_version",
            inOut("gnttab_set_version", GnttabSetVersion.SIZE),
            "chooses the version of the grant table"),
    GNTTABOP_GET_STATUS_FRAMES(
            Hypercall.GRANT_TABLE_OP,
            GrantTableOp.GET_STATUS_FRAMES,
            "GNTTABOP_get_status_frames",
            inOut("gnttab_get_status_frames", GnttabGetStatusFrames.SIZE),
            "where the status frames of a grant table lie"),
    GNTTABOP_GET_VERSION(
            Hypercall.GRANT_TABLE_OP,
            GrantTableOp.GET_VERSION,
            "GNTTABOP_get_version",
            inOut("gnttab_get_version", GnttabGetVersion.SIZE),
            "version of a grant table"),
    GNTTABOP_SWAP_GRANT_REF(
            Hypercall.GRANT_TABLE_OP,
            GrantTableOp.SWAP_GRANT_REF,
            "GNTTABOP_swap_grant_ref",
            array("gnttab_swap_grant_ref", GnttabSwapGrantRef.SIZE),
            "swaps the contents of entries"),
    GNTTABOP_CACHE_FLUSH(
            Hypercall.GRANT_TABLE_OP,
            GrantTableOp.CACHE_FLUSH,
            "GNTTABOP_cache_flush",
            array("gnttab_cache_flush", GnttabCacheFlush.SIZE),
            "writes cached bytes of pages back"),

    // set_timer_op(timeout)
    SET_TIMER(
            Hypercall.SET_TIMER_OP,
            HypercallOp.NO_COMMAND,
            "set_timer_op",
            none(),
            "this vCPU's single-shot timer: the system time at which VIRQ_TIMER comes, or 0 for never"),

    // vm_assist(cmd, type)
    VMASST_CMD_ENABLE(
            Hypercall.VM_ASSIST,
            VmAssist.CMD_ENABLE,
            "VMASST_CMD_enable",
            none(),
            "switches a service on for the domain"),
    VMASST_CMD_DISABLE(
            Hypercall.VM_ASSIST, VmAssist.CMD_DISABLE, "VMASST_CMD_disable", none(), "switches a service off"),

    // vcpu_op(cmd, vcpuid, arg)
    VCPUOP_INITIALISE(
            Hypercall.VCPU_OP, VcpuOp.INITIALISE, "VCPUOP_initialise", none(), "makes a vCPU ready to be brought up"),
    VCPUOP_UP(Hypercall.VCPU_OP, VcpuOp.UP, "VCPUOP_up", none(), "brings a vCPU up"),
    VCPUOP_DOWN(
            Hypercall.VCPU_OP, VcpuOp.DOWN, "VCPUOP_down", none(), "takes a vCPU down, the last one with the domain"),
    VCPUOP_IS_UP(Hypercall.VCPU_OP, VcpuOp.IS_UP, "VCPUOP_is_up", none(), "1 if a vCPU is up, else 0"),
    VCPUOP_GET_RUNSTATE_INFO(
            Hypercall.VCPU_OP,
            VcpuOp.GET_RUNSTATE_INFO,
            "VCPUOP_get_runstate_info",
            out("vcpu_runstate_info", VcpuRunstateInfo.SIZE).inWord(2),
            "what a vCPU does, and did with its time"),
    VCPUOP_REGISTER_RUNSTATE_MEMORY_AREA(
            Hypercall.VCPU_OP,
            VcpuOp.REGISTER_RUNSTATE_MEMORY_AREA,
            "VCPUOP_register_runstate_memory_area",
            in("vcpu_register_runstate_memory_area", VcpuRegisterRunstateMemoryArea.SIZE)
                    .inWord(2),
            "where a copy of a vCPU's runstate is kept"),
    VCPUOP_SET_PERIODIC_TIMER(
            Hypercall.VCPU_OP,
            VcpuOp.SET_PERIODIC_TIMER,
            "VCPUOP_set_periodic_timer",
            in("vcpu_set_periodic_timer", VcpuSetPeriodicTimer.SIZE).inWord(2),
            "VIRQ_TIMER for a vCPU, again and again"),
    VCPUOP_STOP_PERIODIC_TIMER(
            Hypercall.VCPU_OP, VcpuOp.STOP_PERIODIC_TIMER, "VCPUOP_stop_periodic_timer", none(), "no more of that"),
    VCPUOP_SET_SINGLESHOT_TIMER(
            Hypercall.VCPU_OP,
            VcpuOp.SET_SINGLESHOT_TIMER,
            "VCPUOP_set_singleshot_timer",
            in("vcpu_set_singleshot_timer", VcpuSetSingleshotTimer.SIZE).inWord(2),
            "as set_timer_op; -ETIME for a time that has passed, if so flagged"),
    VCPUOP_STOP_SINGLESHOT_TIMER(
            Hypercall.VCPU_OP, VcpuOp.STOP_SINGLESHOT_TIMER, "VCPUOP_stop_singleshot_timer", none(), "stops it"),
    VCPUOP_REGISTER_VCPU_INFO(
            Hypercall.VCPU_OP,
            VcpuOp.REGISTER_VCPU_INFO,
            "VCPUOP_register_vcpu_info",
            in("vcpu_register_vcpu_info", VcpuRegisterVcpuInfo.SIZE).inWord(2),
            "moves a vCPU's vcpu_info, once"),
    VCPUOP_SEND_NMI(Hypercall.VCPU_OP, VcpuOp.SEND_NMI, "VCPUOP_send_nmi", none(), "an NMI for a vCPU"),
    VCPUOP_GET_PHYSID(
            Hypercall.VCPU_OP,
            VcpuOp.GET_PHYSID,
            "VCPUOP_get_physid",
            none(),
            "the processor of a pinned vCPU; there is none"),
    VCPUOP_REGISTER_VCPU_TIME_MEMORY_AREA(
            Hypercall.VCPU_OP,
            VcpuOp.REGISTER_VCPU_TIME_MEMORY_AREA,
            "VCPUOP_register_vcpu_time_memory_area",
            in("vcpu_register_time_memory_area", VcpuRegisterTimeMemoryArea.SIZE)
                    .inWord(2),
            "where a copy of a vCPU's clock is kept"),

    // sched_op(cmd, arg)
    SCHEDOP_YIELD(Hypercall.SCHED_OP, SchedOp.YIELD, "SCHEDOP_yield", none(), "offers the processor to others"),
    SCHEDOP_BLOCK(Hypercall.SCHED_OP, SchedOp.BLOCK, "SCHEDOP_block", none(), "waits for an event"),
    SCHEDOP_SHUTDOWN(
            Hypercall.SCHED_OP,
            SchedOp.SHUTDOWN,
            "SCHEDOP_shutdown",
            in("sched_shutdown", SchedShutdown.SIZE),
            "ends the domain, with a reason"),
    SCHEDOP_POLL(
            Hypercall.SCHED_OP,
            SchedOp.POLL,
            "SCHEDOP_poll",
            in("sched_poll", SchedPoll.SIZE),
            "waits for one of some ports, or a time"),
    SCHEDOP_REMOTE_SHUTDOWN(
            Hypercall.SCHED_OP,
            SchedOp.REMOTE_SHUTDOWN,
            "SCHEDOP_remote_shutdown",
            in("sched_remote_shutdown", SchedRemoteShutdown.SIZE),
            "ends another domain; for privileged domains"),
    SCHEDOP_SHUTDOWN_CODE(
            Hypercall.SCHED_OP,
            SchedOp.SHUTDOWN_CODE,
            "SCHEDOP_shutdown_code",
            in("sched_shutdown", SchedShutdown.SIZE),
            "latches the reason for a shutdown to come"),
    SCHEDOP_WATCHDOG(
            Hypercall.SCHED_OP,
            SchedOp.WATCHDOG,
            "SCHEDOP_watchdog",
            in("sched_watchdog", SchedWatchdog.SIZE),
            "ends the domain unless asked again in time"),

    // event_channel_op(cmd, arg)
    EVTCHNOP_BIND_INTERDOMAIN(
            Hypercall.EVENT_CHANNEL_OP,
            EventChannelOp.BIND_INTERDOMAIN,
            "EVTCHNOP_bind_interdomain",
            inOut("evtchn_bind_interdomain", EvtchnBindInterdomain.SIZE),
            "a new port, connected with one that a domain offers"),
    EVTCHNOP_CLOSE(
            Hypercall.EVENT_CHANNEL_OP,
            EventChannelOp.CLOSE,
            "EVTCHNOP_close",
            in("evtchn_close", EvtchnClose.SIZE),
            "closes a port"),
    EVTCHNOP_SEND(
            Hypercall.EVENT_CHANNEL_OP,
            EventChannelOp.SEND,
            "EVTCHNOP_send",
            in("evtchn_send", EvtchnSend.SIZE),
            "sets the other end of a port pending"),
    EVTCHNOP_STATUS(
            Hypercall.EVENT_CHANNEL_OP,
            EventChannelOp.STATUS,
            "EVTCHNOP_status",
            inOut("evtchn_status", EvtchnStatus.SIZE),
            "what a port is"),
    EVTCHNOP_ALLOC_UNBOUND(
            Hypercall.EVENT_CHANNEL_OP,
            EventChannelOp.ALLOC_UNBOUND,
            "EVTCHNOP_alloc_unbound",
            inOut("evtchn_alloc_unbound", EvtchnAllocUnbound.SIZE),
            "a new port that a domain may bind to"),
    EVTCHNOP_UNMASK(
            Hypercall.EVENT_CHANNEL_OP,
            EventChannelOp.UNMASK,
            "EVTCHNOP_unmask",
            in("evtchn_unmask", EvtchnUnmask.SIZE),
            "unmasks a port, and delivers what is pending on it"),
    EVTCHNOP_BIND_VIRQ(
            Hypercall.EVENT_CHANNEL_OP,
            EventChannelOp.BIND_VIRQ,
            "EVTCHNOP_bind_virq",
            inOut("evtchn_bind_virq", EvtchnBindVirq.SIZE),
            "a new port for a virtual interrupt"),
    EVTCHNOP_BIND_PIRQ(
            Hypercall.EVENT_CHANNEL_OP,
            EventChannelOp.BIND_PIRQ,
            "EVTCHNOP_bind_pirq",
            inOut("evtchn_bind_pirq", EvtchnBindPirq.SIZE),
            "a new port for a physical interrupt: there are none"),
    EVTCHNOP_BIND_IPI(
            Hypercall.EVENT_CHANNEL_OP,
            EventChannelOp.BIND_IPI,
            "EVTCHNOP_bind_ipi",
            inOut("evtchn_bind_ipi", EvtchnBindIpi.SIZE),
            "a new port by which vCPUs notify one of them"),
    EVTCHNOP_BIND_VCPU(
            Hypercall.EVENT_CHANNEL_OP,
            EventChannelOp.BIND_VCPU,
            "EVTCHNOP_bind_vcpu",
            in("evtchn_bind_vcpu", EvtchnBindVcpu.SIZE),
            "which vCPU takes the events of a port"),
    EVTCHNOP_RESET(
            Hypercall.EVENT_CHANNEL_OP,
            EventChannelOp.RESET,
            "EVTCHNOP_reset",
            in("evtchn_reset", EvtchnReset.SIZE),
            "closes all ports, and goes back to the two-level ABI"),
    EVTCHNOP_INIT_CONTROL(
            Hypercall.EVENT_CHANNEL_OP,
            EventChannelOp.INIT_CONTROL,
            "EVTCHNOP_init_control",
            inOut("evtchn_init_control", EvtchnInitControl.SIZE),
            "tells where the control block of a vCPU lies: the FIFO ABI from now on"),
    EVTCHNOP_EXPAND_ARRAY(
            Hypercall.EVENT_CHANNEL_OP,
            EventChannelOp.EXPAND_ARRAY,
            "EVTCHNOP_expand_array",
            in("evtchn_expand_array", EvtchnExpandArray.SIZE),
            "adds a page of event words"),
    EVTCHNOP_SET_PRIORITY(
            Hypercall.EVENT_CHANNEL_OP,
            EventChannelOp.SET_PRIORITY,
            "EVTCHNOP_set_priority",
            in("evtchn_set_priority", EvtchnSetPriority.SIZE),
            "which of 16 queues the events of a port go through");

    /** {@link #command} of a hypercall that has none. */
    public static final int NO_COMMAND = -1;

    private final int number;
    private final int command;
    private final String xenName;
    private final HypercallArgument argument;
    private final String summary;

    HypercallOp(int number, int command, String xenName, HypercallArgument argument, String summary) {
        this.number = number;
        this.command = command;
        this.xenName = xenName;
        this.argument = argument;
        this.summary = summary;
    }

    /** The hypercall's number, a constant of {@link Hypercall}. */
    public int number() {
        return number;
    }

    /** The sub-operation, the call's first word; {@link #NO_COMMAND} where a hypercall has none. */
    public int command() {
        return command;
    }

    /** Xen's name for the operation. */
    public String xenName() {
        return xenName;
    }

    /** What its pointer points to. */
    public HypercallArgument argument() {
        return argument;
    }

    /** What it does, in half a line. */
    public String summary() {
        return summary;
    }

    /** Whether only a privileged domain may call it: others get -EPERM, whatever the arguments. */
    public boolean privileged() {
        return number == Hypercall.DOMCTL || number == Hypercall.SYSCTL || number == Hypercall.PLATFORM_OP;
    }

    /** Whether the command stands in the structure's first four bytes, and not in a word (domctl, sysctl). */
    public boolean commandInStructure() {
        return number == Hypercall.DOMCTL || number == Hypercall.SYSCTL;
    }
}
