// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.hypercall;

import static io.splitvisor.hypercall.HypercallArgument.array;
import static io.splitvisor.hypercall.HypercallArgument.in;
import static io.splitvisor.hypercall.HypercallArgument.inOut;
import static io.splitvisor.hypercall.HypercallArgument.none;
import static io.splitvisor.hypercall.HypercallArgument.out;

import io.splitvisor.abi.ConsoleIo;
import io.splitvisor.abi.Domctl;
import io.splitvisor.abi.HvmOp;
import io.splitvisor.abi.Hypercall;
import io.splitvisor.abi.MemoryOp;
import io.splitvisor.abi.SchedOp;
import io.splitvisor.abi.SchedShutdown;
import io.splitvisor.abi.Sysctl;
import io.splitvisor.abi.XenAddToPhysmap;
import io.splitvisor.abi.XenAddToPhysmapBatch;
import io.splitvisor.abi.XenCompileInfo;
import io.splitvisor.abi.XenDomctl;
import io.splitvisor.abi.XenFeatureInfo;
import io.splitvisor.abi.XenHvmParam;
import io.splitvisor.abi.XenMemAcquireResource;
import io.splitvisor.abi.XenMemoryDomain;
import io.splitvisor.abi.XenMemoryExchange;
import io.splitvisor.abi.XenMemoryMap;
import io.splitvisor.abi.XenMemoryReservation;
import io.splitvisor.abi.XenRemoveFromPhysmap;
import io.splitvisor.abi.XenSysctl;
import io.splitvisor.abi.XenVersion;
import io.splitvisor.abi.evtchn.EventChannelOp;
import io.splitvisor.abi.evtchn.EvtchnAllocUnbound;
import io.splitvisor.abi.evtchn.EvtchnBindInterdomain;
import io.splitvisor.abi.evtchn.EvtchnClose;
import io.splitvisor.abi.evtchn.EvtchnSend;
import io.splitvisor.abi.evtchn.EvtchnStatus;
import io.splitvisor.abi.evtchn.EvtchnUnmask;
import io.splitvisor.abi.grant.GnttabGetVersion;
import io.splitvisor.abi.grant.GnttabQuerySize;
import io.splitvisor.abi.grant.GnttabSetupTable;
import io.splitvisor.abi.grant.GrantTableOp;

/**
 * Every operation that a guest can ask the monitor for: the one table behind the dispatcher, the client and the
 * documentation. Numbers, commands and structures are Xen's.
 */
public enum HypercallOp {
    // xen_version(cmd, arg)
    XENVER_VERSION(Hypercall.XEN_VERSION, XenVersion.VERSION, "XENVER_version", none(), "major version << 16 | minor"),
    XENVER_EXTRAVERSION(
            Hypercall.XEN_VERSION,
            XenVersion.EXTRAVERSION,
            "XENVER_extraversion",
            out("xen_extraversion_t", XenVersion.EXTRAVERSION_LEN),
            "the rest of the version"),
    XENVER_COMPILE_INFO(
            Hypercall.XEN_VERSION,
            XenVersion.COMPILE_INFO,
            "XENVER_compile_info",
            out("xen_compile_info", XenCompileInfo.SIZE),
            "how the monitor was built"),
    XENVER_CAPABILITIES(
            Hypercall.XEN_VERSION,
            XenVersion.CAPABILITIES,
            "XENVER_capabilities",
            out("xen_capabilities_info_t", XenVersion.CAPABILITIES_INFO_LEN),
            "which guest ABIs there are"),
    XENVER_CHANGESET(
            Hypercall.XEN_VERSION,
            XenVersion.CHANGESET,
            "XENVER_changeset",
            out("xen_changeset_info_t", XenVersion.CHANGESET_INFO_LEN),
            "the source that the monitor was built from"),
    XENVER_PLATFORM_PARAMETERS(
            Hypercall.XEN_VERSION,
            XenVersion.PLATFORM_PARAMETERS,
            "XENVER_platform_parameters",
            out("xen_platform_parameters", Long.BYTES),
            "where Xen's own addresses start"),
    XENVER_GET_FEATURES(
            Hypercall.XEN_VERSION,
            XenVersion.GET_FEATURES,
            "XENVER_get_features",
            inOut("xen_feature_info", XenFeatureInfo.SIZE),
            "a word of the feature map"),
    XENVER_PAGESIZE(Hypercall.XEN_VERSION, XenVersion.PAGESIZE, "XENVER_pagesize", none(), "bytes of a page"),
    XENVER_GUEST_HANDLE(
            Hypercall.XEN_VERSION,
            XenVersion.GUEST_HANDLE,
            "XENVER_guest_handle",
            out("xen_domain_handle_t", 16),
            "the domain's UUID"),
    XENVER_COMMANDLINE(
            Hypercall.XEN_VERSION,
            XenVersion.COMMANDLINE,
            "XENVER_commandline",
            out("xen_commandline_t", 1024),
            "the monitor's command line; guests get \"<denied>\""),
    XENVER_BUILD_ID(
            Hypercall.XEN_VERSION,
            XenVersion.BUILD_ID,
            "XENVER_build_id",
            none(),
            "the build's identity; guests get -EPERM"),

    // memory_op(cmd, arg): the command's upper bits tell how far a list is done
    XENMEM_INCREASE_RESERVATION(
            Hypercall.MEMORY_OP,
            MemoryOp.INCREASE_RESERVATION,
            "XENMEM_increase_reservation",
            in("xen_memory_reservation", XenMemoryReservation.SIZE),
            "takes pages without a frame; the result is the number of extents done"),
    XENMEM_DECREASE_RESERVATION(
            Hypercall.MEMORY_OP,
            MemoryOp.DECREASE_RESERVATION,
            "XENMEM_decrease_reservation",
            in("xen_memory_reservation", XenMemoryReservation.SIZE),
            "gives pages back; the result is the number of extents done"),
    XENMEM_MAXIMUM_RAM_PAGE(
            Hypercall.MEMORY_OP, MemoryOp.MAXIMUM_RAM_PAGE, "XENMEM_maximum_ram_page", none(), "pages of the machine"),
    XENMEM_CURRENT_RESERVATION(
            Hypercall.MEMORY_OP,
            MemoryOp.CURRENT_RESERVATION,
            "XENMEM_current_reservation",
            in("xen_memory_domain", XenMemoryDomain.SIZE),
            "pages that a domain has"),
    XENMEM_MAXIMUM_RESERVATION(
            Hypercall.MEMORY_OP,
            MemoryOp.MAXIMUM_RESERVATION,
            "XENMEM_maximum_reservation",
            in("xen_memory_domain", XenMemoryDomain.SIZE),
            "pages that a domain may have"),
    XENMEM_POPULATE_PHYSMAP(
            Hypercall.MEMORY_OP,
            MemoryOp.POPULATE_PHYSMAP,
            "XENMEM_populate_physmap",
            in("xen_memory_reservation", XenMemoryReservation.SIZE),
            "fills holes with pages; the result is the number of extents done"),
    XENMEM_ADD_TO_PHYSMAP(
            Hypercall.MEMORY_OP,
            MemoryOp.ADD_TO_PHYSMAP,
            "XENMEM_add_to_physmap",
            in("xen_add_to_physmap", XenAddToPhysmap.SIZE),
            "puts a special page, or another page of the domain, at a frame"),
    XENMEM_MEMORY_MAP(
            Hypercall.MEMORY_OP,
            MemoryOp.MEMORY_MAP,
            "XENMEM_memory_map",
            inOut("xen_memory_map", XenMemoryMap.SIZE),
            "what lies where: an e820 table"),
    XENMEM_EXCHANGE(
            Hypercall.MEMORY_OP,
            MemoryOp.EXCHANGE,
            "XENMEM_exchange",
            in("xen_memory_exchange", XenMemoryExchange.SIZE),
            "gives pages back for others, which are zero"),
    XENMEM_MAXIMUM_GPFN(
            Hypercall.MEMORY_OP,
            MemoryOp.MAXIMUM_GPFN,
            "XENMEM_maximum_gpfn",
            in("xen_memory_domain", XenMemoryDomain.SIZE),
            "the highest frame of a domain"),
    XENMEM_REMOVE_FROM_PHYSMAP(
            Hypercall.MEMORY_OP,
            MemoryOp.REMOVE_FROM_PHYSMAP,
            "XENMEM_remove_from_physmap",
            in("xen_remove_from_physmap", XenRemoveFromPhysmap.SIZE),
            "takes a page from its frame; the domain keeps it"),
    XENMEM_ADD_TO_PHYSMAP_BATCH(
            Hypercall.MEMORY_OP,
            MemoryOp.ADD_TO_PHYSMAP_BATCH,
            "XENMEM_add_to_physmap_batch",
            in("xen_add_to_physmap_batch", XenAddToPhysmapBatch.SIZE),
            "the same for many pages"),
    XENMEM_CLAIM_PAGES(
            Hypercall.MEMORY_OP,
            MemoryOp.CLAIM_PAGES,
            "XENMEM_claim_pages",
            in("xen_memory_reservation", XenMemoryReservation.SIZE),
            "stakes a claim; guests get -EPERM"),
    XENMEM_ACQUIRE_RESOURCE(
            Hypercall.MEMORY_OP,
            MemoryOp.ACQUIRE_RESOURCE,
            "XENMEM_acquire_resource",
            in("xen_mem_acquire_resource", XenMemAcquireResource.SIZE),
            "maps a resource of another domain; guests get -EPERM"),

    // multicall(call_list, nr_calls)
    MULTICALL(
            Hypercall.MULTICALL,
            Constants.NONE,
            "multicall",
            none(),
            "the calls in a list of multicall_entry in guest memory, one after the other"),

    // console_io(cmd, count, buffer)
    CONSOLEIO_WRITE(
            Hypercall.CONSOLE_IO,
            ConsoleIo.WRITE,
            "CONSOLEIO_write",
            none(),
            "text for the monitor's log, in guest memory"),
    CONSOLEIO_READ(Hypercall.CONSOLE_IO, ConsoleIo.READ, "CONSOLEIO_read", none(), "what was typed; guests get -EPERM"),

    // vm_assist(cmd, type)
    VM_ASSIST(Hypercall.VM_ASSIST, Constants.NONE, "vm_assist", none(), "turns an option of the ABI on or off"),

    // hvm_op(op, arg)
    HVMOP_SET_PARAM(
            Hypercall.HVM_OP,
            HvmOp.SET_PARAM,
            "HVMOP_set_param",
            in("xen_hvm_param", XenHvmParam.SIZE),
            "sets a parameter of a domain"),
    HVMOP_GET_PARAM(
            Hypercall.HVM_OP,
            HvmOp.GET_PARAM,
            "HVMOP_get_param",
            inOut("xen_hvm_param", XenHvmParam.SIZE),
            "a parameter of a domain"),

    // sysctl(op)
    SYSCTL_READCONSOLE(
            Hypercall.SYSCTL, Sysctl.READCONSOLE, "XEN_SYSCTL_readconsole", Constants.sysctl(), "the monitor's log"),
    SYSCTL_PHYSINFO(Hypercall.SYSCTL, Sysctl.PHYSINFO, "XEN_SYSCTL_physinfo", Constants.sysctl(), "the host"),
    SYSCTL_GETDOMAININFOLIST(
            Hypercall.SYSCTL,
            Sysctl.GETDOMAININFOLIST,
            "XEN_SYSCTL_getdomaininfolist",
            Constants.sysctl(),
            "all domains from a number on"),
    SYSCTL_AVAILHEAP(
            Hypercall.SYSCTL, Sysctl.AVAILHEAP, "XEN_SYSCTL_availheap", Constants.sysctl(), "free memory of the host"),

    // domctl(op)
    DOMCTL_DESTROYDOMAIN(
            Hypercall.DOMCTL,
            Domctl.DESTROYDOMAIN,
            "XEN_DOMCTL_destroydomain",
            Constants.domctl(),
            "takes a domain away"),
    DOMCTL_PAUSEDOMAIN(
            Hypercall.DOMCTL,
            Domctl.PAUSEDOMAIN,
            "XEN_DOMCTL_pausedomain",
            Constants.domctl(),
            "lets a domain stand still"),
    DOMCTL_UNPAUSEDOMAIN(
            Hypercall.DOMCTL,
            Domctl.UNPAUSEDOMAIN,
            "XEN_DOMCTL_unpausedomain",
            Constants.domctl(),
            "lets a domain go on"),
    DOMCTL_GETDOMAININFO(
            Hypercall.DOMCTL,
            Domctl.GETDOMAININFO,
            "XEN_DOMCTL_getdomaininfo",
            Constants.domctl(),
            "a domain, or the next one after its number"),
    DOMCTL_MAX_MEM(
            Hypercall.DOMCTL, Domctl.MAX_MEM, "XEN_DOMCTL_max_mem", Constants.domctl(), "the most memory of a domain"),
    DOMCTL_GETVCPUINFO(
            Hypercall.DOMCTL, Domctl.GETVCPUINFO, "XEN_DOMCTL_getvcpuinfo", Constants.domctl(), "what a vCPU does"),
    DOMCTL_MAX_VCPUS(
            Hypercall.DOMCTL,
            Domctl.MAX_VCPUS,
            "XEN_DOMCTL_max_vcpus",
            Constants.domctl(),
            "makes the vCPUs of a domain"),
    DOMCTL_SETDOMAINHANDLE(
            Hypercall.DOMCTL,
            Domctl.SETDOMAINHANDLE,
            "XEN_DOMCTL_setdomainhandle",
            Constants.domctl(),
            "sets a domain's UUID"),

    // dm_op(domid, nr_bufs, bufs)
    DM_OP(
            Hypercall.DM_OP,
            Constants.NONE,
            "dm_op",
            none(),
            "what a device model asks; there is none, guests get -EPERM"),

    // grant_table_op(cmd, uop, count)
    GNTTABOP_SETUP_TABLE(
            Hypercall.GRANT_TABLE_OP,
            GrantTableOp.SETUP_TABLE,
            "GNTTABOP_setup_table",
            array("gnttab_setup_table", GnttabSetupTable.SIZE),
            "where the frames of a grant table lie"),
    GNTTABOP_QUERY_SIZE(
            Hypercall.GRANT_TABLE_OP,
            GrantTableOp.QUERY_SIZE,
            "GNTTABOP_query_size",
            array("gnttab_query_size", GnttabQuerySize.SIZE),
            "frames that a grant table has, and can have"),
    GNTTABOP_GET_VERSION(
            Hypercall.GRANT_TABLE_OP,
            GrantTableOp.GET_VERSION,
            "GNTTABOP_get_version",
            array("gnttab_get_version", GnttabGetVersion.SIZE),
            "version of a grant table"),

    // sched_op(cmd, arg)
    SCHEDOP_YIELD(Hypercall.SCHED_OP, SchedOp.YIELD, "SCHEDOP_yield", none(), "offers the processor to others"),
    SCHEDOP_BLOCK(Hypercall.SCHED_OP, SchedOp.BLOCK, "SCHEDOP_block", none(), "waits for an event"),
    SCHEDOP_SHUTDOWN(
            Hypercall.SCHED_OP,
            SchedOp.SHUTDOWN,
            "SCHEDOP_shutdown",
            in("sched_shutdown", SchedShutdown.SIZE),
            "ends the domain, with a reason"),

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
            "unmasks a port, and delivers what is pending on it");

    /** {@link #command} of a hypercall that has none. */
    public static final int NO_COMMAND = Constants.NONE;

    /** What the constants above need before this class has its own. */
    private static final class Constants {
        static final int NONE = -1;

        static HypercallArgument domctl() {
            return inOut("xen_domctl", XenDomctl.SIZE).inWord(0);
        }

        static HypercallArgument sysctl() {
            return inOut("xen_sysctl", XenSysctl.SIZE).inWord(0);
        }
    }

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

    /** Whether the command's upper bits tell how many extents are done already (memory_op). */
    public boolean extentsInCommand() {
        return number == Hypercall.MEMORY_OP;
    }

    /** Whether the result counts extents done, so that there are no errors: what fails counts none (rows H2, H8). */
    public boolean countsExtents() {
        return this == XENMEM_INCREASE_RESERVATION
                || this == XENMEM_DECREASE_RESERVATION
                || this == XENMEM_POPULATE_PHYSMAP;
    }

    /** Whether the command stands in the structure's first four bytes, and not in a word (domctl, sysctl). */
    public boolean commandInStructure() {
        return number == Hypercall.DOMCTL || number == Hypercall.SYSCTL;
    }
}
