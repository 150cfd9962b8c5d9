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
import io.splitvisor.abi.SchedPoll;
import io.splitvisor.abi.SchedRemoteShutdown;
import io.splitvisor.abi.SchedShutdown;
import io.splitvisor.abi.SchedWatchdog;
import io.splitvisor.abi.Sysctl;
import io.splitvisor.abi.VcpuOp;
import io.splitvisor.abi.VcpuRegisterRunstateMemoryArea;
import io.splitvisor.abi.VcpuRegisterTimeMemoryArea;
import io.splitvisor.abi.VcpuRegisterVcpuInfo;
import io.splitvisor.abi.VcpuRunstateInfo;
import io.splitvisor.abi.VcpuSetPeriodicTimer;
import io.splitvisor.abi.VcpuSetSingleshotTimer;
import io.splitvisor.abi.VmAssist;
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
import io.splitvisor.abi.paging.PagingTrap;

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
            "multicall",
            "the calls in a list of multicall_entry in guest memory, one after the other"),

    // console_io(cmd, count, buffer)
    CONSOLEIO_WRITE(
            Hypercall.CONSOLE_IO,
            ConsoleIo.WRITE,
            "CONSOLEIO_write",
            none(),
            "text for the monitor's log, in guest memory"),
    CONSOLEIO_READ(Hypercall.CONSOLE_IO, ConsoleIo.READ, "CONSOLEIO_read", none(), "what was typed; guests get -EPERM"),

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
    HVMOP_FLUSH_TLBS(Hypercall.HVM_OP, HvmOp.FLUSH_TLBS, "HVMOP_flush_tlbs", none(), "has all vCPUs flush their TLBs"),

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
    DOMCTL_SHADOW_OP(
            Hypercall.DOMCTL,
            Domctl.SHADOW_OP,
            "XEN_DOMCTL_shadow_op",
            Constants.domctl(),
            "memory for page tables, and the log of frames that change"),

    // dm_op(domid, nr_bufs, bufs)
    DM_OP(Hypercall.DM_OP, "dm_op", "what a device model asks; there is none, guests get -EPERM"),

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
            "set_timer_op",
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
            "which of 16 queues the events of a port go through"),

    // mmu_update(ureqs, count, pdone, foreigndom) and its kin: page tables that the guest registers
    MMU_UPDATE(
            Hypercall.MMU_UPDATE,
            "mmu_update",
            "writes entries of registered page tables, as an array of mmu_update says"),
    UPDATE_VA_MAPPING(
            Hypercall.UPDATE_VA_MAPPING, "update_va_mapping", "writes the entry of level 1 for a linear address"),
    UPDATE_VA_MAPPING_OTHERDOMAIN(
            Hypercall.UPDATE_VA_MAPPING_OTHERDOMAIN,
            "update_va_mapping_otherdomain",
            "the same with a page of another domain"),
    SET_GDT(Hypercall.SET_GDT, "set_gdt", "loads a GDT of pages, which become ones of descriptors"),
    UPDATE_DESCRIPTOR(Hypercall.UPDATE_DESCRIPTOR, "update_descriptor", "writes a descriptor, if it may stand there"),
    MMUEXT_OP(
            Hypercall.MMUEXT_OP,
            "mmuext_op",
            "registers tables, loads roots, flushes TLBs, clears and copies pages, as an array of mmuext_op says"),

    // paging_trap_op(cmd, ...): Splitvisor's own, not Xen's
    PAGING_FAULT(PagingTrap.FAULT, "a translation that the shadow lacks"),
    PAGING_WRITE(PagingTrap.WRITE, "a store to a table that is shadowed"),
    PAGING_COMPARE_AND_SET(PagingTrap.COMPARE_AND_SET, "a compare-and-set there"),
    PAGING_INVLPG(PagingTrap.INVLPG, "a translation that the guest invalidates"),
    PAGING_LOAD_CR3(PagingTrap.LOAD_CR3, "another root"),
    PAGING_CONTROL(PagingTrap.CONTROL, "CR0, CR4 and EFER, or a flush of everything"),
    PAGING_EPT_VIOLATION(PagingTrap.EPT_VIOLATION, "an extended translation that is missing or forbids"),
    PAGING_EPT_MISCONFIGURATION(PagingTrap.EPT_MISCONFIGURATION, "an extended entry that makes no sense"),
    PAGING_DESCRIPTOR(PagingTrap.DESCRIPTOR, "a segment register that is loaded");

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

    /** A hypercall without commands whose words say everything. */
    HypercallOp(int number, String xenName, String summary) {
        this(number, Constants.NONE, xenName, none(), summary);
    }

    /** A trap of an MMU. */
    HypercallOp(int trap, String what) {
        this.number = Hypercall.ARCH_7;
        this.command = trap;
        this.xenName = name();
        this.argument = none();
        this.summary = "Splitvisor's own trap: " + what;
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
