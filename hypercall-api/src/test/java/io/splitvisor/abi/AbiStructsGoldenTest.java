// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

import static java.util.stream.Collectors.toMap;
import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.evtchn.EvtchnAllocUnbound;
import io.splitvisor.abi.evtchn.EvtchnBindInterdomain;
import io.splitvisor.abi.evtchn.EvtchnBindIpi;
import io.splitvisor.abi.evtchn.EvtchnBindPirq;
import io.splitvisor.abi.evtchn.EvtchnBindVcpu;
import io.splitvisor.abi.evtchn.EvtchnBindVirq;
import io.splitvisor.abi.evtchn.EvtchnClose;
import io.splitvisor.abi.evtchn.EvtchnExpandArray;
import io.splitvisor.abi.evtchn.EvtchnFifoControlBlock;
import io.splitvisor.abi.evtchn.EvtchnInitControl;
import io.splitvisor.abi.evtchn.EvtchnReset;
import io.splitvisor.abi.evtchn.EvtchnSend;
import io.splitvisor.abi.evtchn.EvtchnSetPriority;
import io.splitvisor.abi.evtchn.EvtchnStatus;
import io.splitvisor.abi.evtchn.EvtchnUnmask;
import io.splitvisor.abi.grant.GnttabCacheFlush;
import io.splitvisor.abi.grant.GnttabCopy;
import io.splitvisor.abi.grant.GnttabCopyPtr;
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
import io.splitvisor.abi.grant.GrantEntryV1;
import io.splitvisor.abi.grant.GrantEntryV2;
import io.splitvisor.abi.io.BlkifRequest;
import io.splitvisor.abi.io.BlkifRequestDiscard;
import io.splitvisor.abi.io.BlkifRequestIndirect;
import io.splitvisor.abi.io.BlkifRequestSegment;
import io.splitvisor.abi.io.BlkifResponse;
import io.splitvisor.abi.io.XenconsInterface;
import io.splitvisor.abi.io.XenstoreDomainInterface;
import io.splitvisor.abi.io.XsdSockmsg;
import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Holds every structure's size, offsets, accessors and documentation against Xen's headers. */
class AbiStructsGoldenTest {
    private static final Pattern ROW = Pattern.compile("(?m)^ \\* +(\\d+) +(\\d+)  ([\\w.]+)(\\[\\d+])? +\\S.*$");

    static final List<StructClass> ALL = List.of(
            StructClass.of(SharedInfo.class, "shared_info")
                    .counts("LEGACY_MAX_VCPUS", Layout.constants("arch-x86/xen").get("XEN_LEGACY_MAX_VCPUS"))
                    .counts("EVTCHN_CHANNELS", Layout.constants("event_channel").get("EVTCHN_2L_NR_CHANNELS"))
                    .counts("EVTCHN_WORDS", 4096 / Layout.count("bits_per_2l_word"))
                    .ordered("evtchn_pending", "evtchn_mask", "wc_version", "wc_sec", "wc_nsec", "wc_sec_hi"),
            StructClass.of(VcpuInfo.class, "vcpu_info")
                    .ordered("evtchn_upcall_pending", "evtchn_upcall_mask", "evtchn_pending_sel"),
            StructClass.of(ArchSharedInfo.class, "arch_shared_info"),
            StructClass.of(ArchVcpuInfo.class, "arch_vcpu_info"),
            StructClass.of(VcpuTimeInfo.class, "vcpu_time_info")
                    .counts("PVCLOCK_TSC_STABLE_BIT", Layout.constants("xen").get("XEN_PVCLOCK_TSC_STABLE_BIT"))
                    .counts("PVCLOCK_GUEST_STOPPED", Layout.constants("xen").get("XEN_PVCLOCK_GUEST_STOPPED"))
                    .ordered("version"),
            StructClass.of(StartInfo.class, "start_info")
                    .counts("MAX_GUEST_CMDLINE", Layout.constants("xen").get("MAX_GUEST_CMDLINE"))
                    .counts(
                            "MAX_MAGIC",
                            Layout.fields("start_info").get("magic").size())
                    .ordered("magic", "cmd_line"),
            StructClass.of(MmuUpdateRequest.class, "mmu_update"),
            StructClass.of(MmuExtRequest.class, "mmuext_op"),
            StructClass.of(MulticallEntry.class, "multicall_entry").counts("NR_ARGS", Layout.count("multicall_args")),
            StructClass.of(SchedShutdown.class, "sched_shutdown"),
            StructClass.of(SchedRemoteShutdown.class, "sched_remote_shutdown"),
            StructClass.of(SchedWatchdog.class, "sched_watchdog"),
            StructClass.of(SchedPoll.class, "sched_poll"),
            StructClass.of(VcpuRegisterVcpuInfo.class, "vcpu_register_vcpu_info"),
            StructClass.of(VcpuRunstateInfo.class, "vcpu_runstate_info"),
            StructClass.of(VcpuRegisterRunstateMemoryArea.class, "vcpu_register_runstate_memory_area"),
            StructClass.of(VcpuRegisterTimeMemoryArea.class, "vcpu_register_time_memory_area"),
            StructClass.of(VcpuSetPeriodicTimer.class, "vcpu_set_periodic_timer"),
            StructClass.of(VcpuSetSingleshotTimer.class, "vcpu_set_singleshot_timer")
                    .counts("FUTURE", Layout.constants("vcpu").get("VCPU_SSHOTTMR_future")),
            StructClass.of(XenHvmParam.class, "xen_hvm_param"),
            StructClass.of(XenAddToPhysmap.class, "xen_add_to_physmap").renames("size", "PAGES"),
            StructClass.of(XenMemoryReservation.class, "xen_memory_reservation"),
            StructClass.of(XenFeatureInfo.class, "xen_feature_info"),
            StructClass.of(XenMemoryExchange.class, "xen_memory_exchange"),
            StructClass.of(XenMemoryDomain.class, "xen_memory_domain"),
            StructClass.of(XenAddToPhysmapBatch.class, "xen_add_to_physmap_batch")
                    .renames("size", "PAGES"),
            StructClass.of(XenRemoveFromPhysmap.class, "xen_remove_from_physmap"),
            StructClass.of(XenMemoryMap.class, "xen_memory_map"),
            StructClass.of(XenMemAcquireResource.class, "xen_mem_acquire_resource")
                    .only("domid", "type", "id", "nr_frames", "pad", "frame", "frame_list"),
            StructClass.of(XenCompileInfo.class, "xen_compile_info"),
            StructClass.of(XenDomctl.class, "xen_domctl").only("cmd", "interface_version", "domain", "u"),
            StructClass.of(XenDomctlGetdomaininfo.class, "xen_domctl_getdomaininfo"),
            StructClass.of(XenDomctlMaxMem.class, "xen_domctl_max_mem"),
            StructClass.of(XenDomctlGetvcpuinfo.class, "xen_domctl_getvcpuinfo"),
            StructClass.of(XenDomctlMaxVcpus.class, "xen_domctl_max_vcpus"),
            StructClass.of(XenDomctlSetdomainhandle.class, "xen_domctl_setdomainhandle"),
            StructClass.of(XenSysctl.class, "xen_sysctl").only("cmd", "interface_version", "u"),
            StructClass.of(XenSysctlPhysinfo.class, "xen_sysctl_physinfo"),
            StructClass.of(XenSysctlGetdomaininfolist.class, "xen_sysctl_getdomaininfolist"),
            StructClass.of(XenSysctlReadconsole.class, "xen_sysctl_readconsole"),
            StructClass.of(XenSysctlAvailheap.class, "xen_sysctl_availheap"),
            StructClass.of(EvtchnAllocUnbound.class, "evtchn_alloc_unbound"),
            StructClass.of(EvtchnBindInterdomain.class, "evtchn_bind_interdomain"),
            StructClass.of(EvtchnBindVirq.class, "evtchn_bind_virq"),
            StructClass.of(EvtchnBindPirq.class, "evtchn_bind_pirq"),
            StructClass.of(EvtchnBindIpi.class, "evtchn_bind_ipi"),
            StructClass.of(EvtchnClose.class, "evtchn_close"),
            StructClass.of(EvtchnSend.class, "evtchn_send"),
            StructClass.of(EvtchnStatus.class, "evtchn_status"),
            StructClass.of(EvtchnBindVcpu.class, "evtchn_bind_vcpu"),
            StructClass.of(EvtchnUnmask.class, "evtchn_unmask"),
            StructClass.of(EvtchnReset.class, "evtchn_reset"),
            StructClass.of(EvtchnInitControl.class, "evtchn_init_control"),
            StructClass.of(EvtchnExpandArray.class, "evtchn_expand_array"),
            StructClass.of(EvtchnSetPriority.class, "evtchn_set_priority"),
            StructClass.of(EvtchnFifoControlBlock.class, "evtchn_fifo_control_block")
                    .ordered("ready", "head"),
            StructClass.of(GrantEntryV1.class, "grant_entry_v1")
                    .counts("PER_PAGE", Layout.count("grant_entries_v1_per_page"))
                    .ordered("flags"),
            StructClass.of(GrantEntryV2.class, "grant_entry_v2")
                    .counts("PER_PAGE", Layout.count("grant_entries_v2_per_page"))
                    .counts("STATUS_PER_PAGE", Layout.count("grant_status_per_page"))
                    .ordered("hdr", "full_page.hdr", "sub_page.hdr", "transitive.hdr"),
            StructClass.of(GnttabSetupTable.class, "gnttab_setup_table"),
            StructClass.of(GnttabMapGrantRef.class, "gnttab_map_grant_ref"),
            StructClass.of(GnttabUnmapGrantRef.class, "gnttab_unmap_grant_ref"),
            StructClass.of(GnttabUnmapAndReplace.class, "gnttab_unmap_and_replace"),
            StructClass.of(GnttabTransfer.class, "gnttab_transfer"),
            StructClass.of(GnttabGetStatusFrames.class, "gnttab_get_status_frames"),
            StructClass.of(GnttabSwapGrantRef.class, "gnttab_swap_grant_ref"),
            StructClass.of(GnttabCacheFlush.class, "gnttab_cache_flush"),
            StructClass.of(GnttabCopyPtr.class, "gnttab_copy_ptr"),
            StructClass.of(GnttabCopy.class, "gnttab_copy"),
            StructClass.of(GnttabQuerySize.class, "gnttab_query_size"),
            StructClass.of(GnttabSetVersion.class, "gnttab_set_version"),
            StructClass.of(GnttabGetVersion.class, "gnttab_get_version"),
            StructClass.of(BlkifRequestSegment.class, "blkif_request_segment"),
            StructClass.of(BlkifRequest.class, "blkif_request"),
            StructClass.of(BlkifRequestDiscard.class, "blkif_request_discard"),
            StructClass.of(BlkifRequestIndirect.class, "blkif_request_indirect")
                    .counts("SEGMENTS_PER_PAGE", Layout.count("blkif_segments_per_indirect_page")),
            StructClass.of(BlkifResponse.class, "blkif_response"),
            StructClass.of(XenconsInterface.class, "xencons_interface")
                    .counts("IN_BYTES", Layout.count("xencons_in_bytes"))
                    .counts("OUT_BYTES", Layout.count("xencons_out_bytes")),
            StructClass.of(XenstoreDomainInterface.class, "xenstore_domain_interface")
                    .ordered("req", "rsp", "req_cons", "req_prod", "rsp_cons", "rsp_prod")
                    .ordered("server_features", "connection", "error"),
            StructClass.of(XsdSockmsg.class, "xsd_sockmsg"));

    static Stream<StructClass> structs() {
        return ALL.stream();
    }

    static Stream<StructClass> declared() {
        return structs().filter(struct -> !AbiClasses.declared(struct.type).isEmpty());
    }

    /** A declaration is its own picture; all others are drawn in their documentation. */
    static Stream<StructClass> drawn() {
        return structs().filter(struct -> AbiClasses.declared(struct.type).isEmpty());
    }

    @ParameterizedTest
    @MethodSource("structs")
    void shouldHaveEveryOffsetOfTheHeader(StructClass struct) {
        Map<String, Long> offsets = AbiClasses.offsets(struct.type);
        Map<String, Long> expected = struct.fields().entrySet().stream()
                .collect(toMap(Map.Entry::getKey, entry -> entry.getValue().offset()));
        assertThat(offsets).isNotEmpty().containsExactlyInAnyOrderEntriesOf(expected);
    }

    @ParameterizedTest
    @MethodSource("structs")
    void shouldHaveTheSizeAndEveryCountOfTheHeader(StructClass struct) {
        Map<String, Long> counts =
                AbiClasses.constants(struct.type, int.class).stream().collect(toMap(Field::getName, AbiClasses::value));
        Map<String, Long> expected = new HashMap<>(struct.counts);
        expected.put("SIZE", Layout.size(struct.struct));
        assertThat(counts).containsExactlyInAnyOrderEntriesOf(expected);
    }

    @ParameterizedTest
    @MethodSource("structs")
    void shouldReadAndWriteExactlyTheBytesOfEachField(StructClass struct) {
        Map<String, io.splitvisor.driver.Field> declared = AbiClasses.declared(struct.type);
        struct.fields().forEach((constant, field) -> {
            if (declared.containsKey(constant)) {
                new DeclaredProbe(declared.get(constant), field).check();
            } else if (!struct.ordered.contains(field.name())) {
                new AccessorProbe(struct.type, constant, field).check();
            }
        });
        assertThat(struct.fields().values()).extracting(Layout.Field::name).containsAll(struct.ordered);
    }

    @ParameterizedTest
    @MethodSource("declared")
    void shouldDeclareTypesAndNamesOfTheHeader(StructClass struct) {
        AbiClasses.declared(struct.type).forEach((constant, field) -> {
            Layout.Field golden = struct.fields().get(constant);
            assertThat(field.name()).isEqualTo(golden.name());
            assertThat(field.struct()).isEqualTo(struct.struct);
            assertThat(field.size()).as(golden.name()).isEqualTo(golden.size());
            if (field instanceof io.splitvisor.driver.Field.Scalar scalar) {
                assertThat(scalar.signed()).as(golden.name()).isEqualTo(golden.signed());
            }
        });
        assertThat(AbiClasses.declared(struct.type))
                .containsOnlyKeys(struct.fields().keySet());
    }

    @ParameterizedTest
    @MethodSource("drawn")
    void shouldDrawTheBytesAsTheyAre(StructClass struct) throws IOException {
        Path source = Path.of("src/main/java").resolve(struct.type.getName().replace('.', '/') + ".java");
        Map<String, List<Long>> drawn = new HashMap<>();
        Matcher row = ROW.matcher(Files.readString(source));
        while (row.find()) {
            drawn.put(row.group(3), List.of(Long.valueOf(row.group(1)), Long.valueOf(row.group(2))));
        }
        drawn.keySet()
                .removeIf(name -> !struct.fields().values().stream()
                                .anyMatch(field -> field.name().equals(name))
                        && name.matches("(.*\\.)?_*(pad\\d?|rsvd)"));
        Map<String, List<Long>> expected = struct.fields().values().stream()
                .collect(toMap(Layout.Field::name, field -> List.of(field.offset(), field.size())));
        assertThat(drawn).containsExactlyInAnyOrderEntriesOf(expected);
    }
}
