// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.hypercall;

import static io.splitvisor.hypercall.HypercallArgument.array;
import static io.splitvisor.hypercall.HypercallArgument.in;
import static io.splitvisor.hypercall.HypercallArgument.inOut;
import static io.splitvisor.hypercall.HypercallArgument.out;

import io.splitvisor.abi.SchedPoll;
import io.splitvisor.abi.SchedRemoteShutdown;
import io.splitvisor.abi.SchedShutdown;
import io.splitvisor.abi.SchedWatchdog;
import io.splitvisor.abi.VcpuRegisterRunstateMemoryArea;
import io.splitvisor.abi.VcpuRegisterTimeMemoryArea;
import io.splitvisor.abi.VcpuRegisterVcpuInfo;
import io.splitvisor.abi.VcpuRunstateInfo;
import io.splitvisor.abi.VcpuSetPeriodicTimer;
import io.splitvisor.abi.VcpuSetSingleshotTimer;
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

/** The structures that hypercalls point to: how each travels, its name in C, and its size. Those of {@link HypercallOp}'s rows. */
final class Structures {
    static final HypercallArgument EVTCHN_ALLOC_UNBOUND = inOut("evtchn_alloc_unbound", EvtchnAllocUnbound.SIZE);
    static final HypercallArgument EVTCHN_BIND_INTERDOMAIN =
            inOut("evtchn_bind_interdomain", EvtchnBindInterdomain.SIZE);
    static final HypercallArgument EVTCHN_BIND_IPI = inOut("evtchn_bind_ipi", EvtchnBindIpi.SIZE);
    static final HypercallArgument EVTCHN_BIND_PIRQ = inOut("evtchn_bind_pirq", EvtchnBindPirq.SIZE);
    static final HypercallArgument EVTCHN_BIND_VCPU = in("evtchn_bind_vcpu", EvtchnBindVcpu.SIZE);
    static final HypercallArgument EVTCHN_BIND_VIRQ = inOut("evtchn_bind_virq", EvtchnBindVirq.SIZE);
    static final HypercallArgument EVTCHN_CLOSE = in("evtchn_close", EvtchnClose.SIZE);
    static final HypercallArgument EVTCHN_EXPAND_ARRAY = in("evtchn_expand_array", EvtchnExpandArray.SIZE);
    static final HypercallArgument EVTCHN_INIT_CONTROL = inOut("evtchn_init_control", EvtchnInitControl.SIZE);
    static final HypercallArgument EVTCHN_RESET = in("evtchn_reset", EvtchnReset.SIZE);
    static final HypercallArgument EVTCHN_SEND = in("evtchn_send", EvtchnSend.SIZE);
    static final HypercallArgument EVTCHN_SET_PRIORITY = in("evtchn_set_priority", EvtchnSetPriority.SIZE);
    static final HypercallArgument EVTCHN_STATUS = inOut("evtchn_status", EvtchnStatus.SIZE);
    static final HypercallArgument EVTCHN_UNMASK = in("evtchn_unmask", EvtchnUnmask.SIZE);
    static final HypercallArgument GNTTAB_CACHE_FLUSH = array("gnttab_cache_flush", GnttabCacheFlush.SIZE);
    static final HypercallArgument GNTTAB_COPY = array("gnttab_copy", GnttabCopy.SIZE);
    static final HypercallArgument GNTTAB_GET_STATUS_FRAMES =
            inOut("gnttab_get_status_frames", GnttabGetStatusFrames.SIZE);
    static final HypercallArgument GNTTAB_GET_VERSION = inOut("gnttab_get_version", GnttabGetVersion.SIZE);
    static final HypercallArgument GNTTAB_MAP_GRANT_REF = array("gnttab_map_grant_ref", GnttabMapGrantRef.SIZE);
    static final HypercallArgument GNTTAB_QUERY_SIZE = inOut("gnttab_query_size", GnttabQuerySize.SIZE);
    static final HypercallArgument GNTTAB_SETUP_TABLE = inOut("gnttab_setup_table", GnttabSetupTable.SIZE);
    static final HypercallArgument GNTTAB_SET_VERSION = inOut("gnttab_set_version", GnttabSetVersion.SIZE);
    static final HypercallArgument GNTTAB_SWAP_GRANT_REF = array("gnttab_swap_grant_ref", GnttabSwapGrantRef.SIZE);
    static final HypercallArgument GNTTAB_TRANSFER = array("gnttab_transfer", GnttabTransfer.SIZE);
    static final HypercallArgument GNTTAB_UNMAP_AND_REPLACE =
            array("gnttab_unmap_and_replace", GnttabUnmapAndReplace.SIZE);
    static final HypercallArgument GNTTAB_UNMAP_GRANT_REF = array("gnttab_unmap_grant_ref", GnttabUnmapGrantRef.SIZE);
    static final HypercallArgument SCHED_POLL = in("sched_poll", SchedPoll.SIZE);
    static final HypercallArgument SCHED_REMOTE_SHUTDOWN = in("sched_remote_shutdown", SchedRemoteShutdown.SIZE);
    static final HypercallArgument SCHED_SHUTDOWN = in("sched_shutdown", SchedShutdown.SIZE);
    static final HypercallArgument SCHED_WATCHDOG = in("sched_watchdog", SchedWatchdog.SIZE);
    static final HypercallArgument VCPU_REGISTER_RUNSTATE_MEMORY_AREA =
            in("vcpu_register_runstate_memory_area", VcpuRegisterRunstateMemoryArea.SIZE);
    static final HypercallArgument VCPU_REGISTER_TIME_MEMORY_AREA =
            in("vcpu_register_time_memory_area", VcpuRegisterTimeMemoryArea.SIZE);
    static final HypercallArgument VCPU_REGISTER_VCPU_INFO = in("vcpu_register_vcpu_info", VcpuRegisterVcpuInfo.SIZE);
    static final HypercallArgument VCPU_RUNSTATE_INFO = out("vcpu_runstate_info", VcpuRunstateInfo.SIZE);
    static final HypercallArgument VCPU_SET_PERIODIC_TIMER = in("vcpu_set_periodic_timer", VcpuSetPeriodicTimer.SIZE);
    static final HypercallArgument VCPU_SET_SINGLESHOT_TIMER =
            in("vcpu_set_singleshot_timer", VcpuSetSingleshotTimer.SIZE);
    static final HypercallArgument XEN_ADD_TO_PHYSMAP = in("xen_add_to_physmap", XenAddToPhysmap.SIZE);
    static final HypercallArgument XEN_ADD_TO_PHYSMAP_BATCH = in("xen_add_to_physmap_batch", XenAddToPhysmapBatch.SIZE);
    static final HypercallArgument XEN_CAPABILITIES_INFO =
            out("xen_capabilities_info_t", XenVersion.CAPABILITIES_INFO_LEN);
    static final HypercallArgument XEN_CHANGESET_INFO = out("xen_changeset_info_t", XenVersion.CHANGESET_INFO_LEN);
    static final HypercallArgument XEN_COMMANDLINE = out("xen_commandline_t", 1024);
    static final HypercallArgument XEN_COMPILE_INFO = out("xen_compile_info", XenCompileInfo.SIZE);
    static final HypercallArgument XEN_DOMAIN_HANDLE = out("xen_domain_handle_t", 16);
    static final HypercallArgument XEN_EXTRAVERSION = out("xen_extraversion_t", XenVersion.EXTRAVERSION_LEN);
    static final HypercallArgument XEN_FEATURE_INFO = inOut("xen_feature_info", XenFeatureInfo.SIZE);
    static final HypercallArgument XEN_HVM_PARAM = in("xen_hvm_param", XenHvmParam.SIZE);
    static final HypercallArgument XEN_HVM_PARAM_INOUT = inOut("xen_hvm_param", XenHvmParam.SIZE);
    static final HypercallArgument XEN_MEMORY_DOMAIN = in("xen_memory_domain", XenMemoryDomain.SIZE);
    static final HypercallArgument XEN_MEMORY_EXCHANGE = in("xen_memory_exchange", XenMemoryExchange.SIZE);
    static final HypercallArgument XEN_MEMORY_MAP = inOut("xen_memory_map", XenMemoryMap.SIZE);
    static final HypercallArgument XEN_MEMORY_RESERVATION = in("xen_memory_reservation", XenMemoryReservation.SIZE);
    static final HypercallArgument XEN_MEM_ACQUIRE_RESOURCE =
            in("xen_mem_acquire_resource", XenMemAcquireResource.SIZE);
    static final HypercallArgument XEN_PLATFORM_PARAMETERS = out("xen_platform_parameters", Long.BYTES);
    static final HypercallArgument XEN_REMOVE_FROM_PHYSMAP = in("xen_remove_from_physmap", XenRemoveFromPhysmap.SIZE);
    static final HypercallArgument XEN_DOMCTL =
            inOut("xen_domctl", XenDomctl.SIZE).inWord(0);
    static final HypercallArgument XEN_SYSCTL =
            inOut("xen_sysctl", XenSysctl.SIZE).inWord(0);

    private Structures() {}
}
