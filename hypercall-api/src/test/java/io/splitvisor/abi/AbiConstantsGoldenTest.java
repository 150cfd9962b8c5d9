// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.evtchn.EventChannelOp;
import io.splitvisor.abi.evtchn.EventChannelStatus;
import io.splitvisor.abi.evtchn.EventChannels;
import io.splitvisor.abi.grant.GrantCacheOp;
import io.splitvisor.abi.grant.GrantCopyFlags;
import io.splitvisor.abi.grant.GrantFlags;
import io.splitvisor.abi.grant.GrantMapFlags;
import io.splitvisor.abi.grant.GrantStatus;
import io.splitvisor.abi.grant.GrantTable;
import io.splitvisor.abi.grant.GrantTableOp;
import io.splitvisor.abi.io.Blkif;
import io.splitvisor.abi.io.BlkifOp;
import io.splitvisor.abi.io.BlkifStatus;
import io.splitvisor.xenstore.XsWire;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Holds every class of constants against Xen's headers, in both directions. */
class AbiConstantsGoldenTest {
    private static final String CALLBACK_TYPES = "HVM_PARAM_CALLBACK_.*TYPE.*";

    static final List<ConstantClass> ALL = List.of(
            ConstantClass.of(Hypercall.class).has("xen", "__HYPERVISOR_"),
            ConstantClass.of(DomId.class).has("xen", "DOMID_"),
            ConstantClass.of(Virq.class).has("xen", "VIRQ_").named("xen", "NR_VIRQS", "NR_VIRQS"),
            ConstantClass.of(MmuUpdate.class).has("xen", "MMU_"),
            ConstantClass.of(MmuExtOp.class).has("xen", "MMUEXT_"),
            ConstantClass.of(UvmFlags.class).has("xen", "UVMF_"),
            ConstantClass.of(VmAssist.class).has("xen", "VMASST_"),
            ConstantClass.of(ConsoleIo.class).has("xen", "CONSOLEIO_"),
            ConstantClass.of(StartInfoFlags.class).has("xen", "SIF_"),
            ConstantClass.of(SchedOp.class).has("sched", "SCHEDOP_"),
            ConstantClass.of(VcpuOp.class).has("vcpu", "VCPUOP_"),
            ConstantClass.of(Runstate.class).has("vcpu", "RUNSTATE_"),
            ConstantClass.of(MemoryOp.class)
                    .has("memory", "XENMEM_", "XENMEM_(paging_op|access|sharing|SHARING|FORK|resource|RDM).*"),
            ConstantClass.of(MemoryFlags.class).has("memory", "XENMEMF_"),
            ConstantClass.of(Domctl.class)
                    .has("domctl", "XEN_DOMCTL_", "XEN_DOMCTL_([A-Z]|vmtrace_(enable|disable|reset|output|get|set)).*")
                    .named("domctl", "XEN_DOMCTL_INTERFACE_VERSION", "INTERFACE_VERSION"),
            ConstantClass.of(ShadowOp.class).has("domctl", "XEN_DOMCTL_SHADOW_OP_"),
            ConstantClass.of(DomainFlags.class).has("domctl", "XEN_DOMINF_"),
            ConstantClass.of(Sysctl.class)
                    .has("sysctl", "XEN_SYSCTL_", "XEN_SYSCTL_([A-Z]|pm_op_|cpu_featureset_|cpu_policy_).*")
                    .named("sysctl", "XEN_SYSCTL_INTERFACE_VERSION", "INTERFACE_VERSION"),
            ConstantClass.of(PhysicalCapabilities.class).has("sysctl", "XEN_SYSCTL_PHYSCAP_"),
            ConstantClass.of(PhysmapSpace.class).has("memory", "XENMAPSPACE_"),
            ConstantClass.of(XenVersion.class).has("version", "XENVER_").has("version", "XEN_"),
            ConstantClass.of(XenFeature.class).has("features", "XENFEAT_"),
            ConstantClass.of(HvmOp.class).has("hvm/hvm_op", "HVMOP_", "HVMOP_(ALTP2M|altp2m)_.*"),
            ConstantClass.of(HvmParam.class)
                    .has("hvm/params", "HVM_PARAM_", CALLBACK_TYPES)
                    .has("hvm/params", "HVM_PARAM_")
                    .named("hvm/params", "HVM_NR_PARAMS", "NR_PARAMS"),
            ConstantClass.of(EventChannelOp.class).has("event_channel", "EVTCHNOP_"),
            ConstantClass.of(EventChannelStatus.class).has("event_channel", "EVTCHNSTAT_"),
            ConstantClass.of(EventChannels.class)
                    .has("event_channel", "EVTCHN_", "EVTCHN_2L_.*")
                    .named("event_channel", "EVTCHN_2L_NR_CHANNELS", "TWO_LEVEL_NR_CHANNELS"),
            ConstantClass.of(GrantTableOp.class).has("grant_table", "GNTTABOP_"),
            ConstantClass.of(GrantStatus.class).has("grant_table", "GNTST_"),
            ConstantClass.of(GrantFlags.class).has("grant_table", "GTF_"),
            ConstantClass.of(GrantMapFlags.class)
                    .has("grant_table", "GNTMAP_")
                    .named("grant_table", "_GNTMAP_guest_avail0", "GUEST_AVAIL0_BIT"),
            ConstantClass.of(GrantCopyFlags.class).has("grant_table", "GNTCOPY_"),
            ConstantClass.of(GrantTable.class).has("grant_table", "GNTTAB_", "GNTTAB_CACHE_.*"),
            ConstantClass.of(GrantCacheOp.class).has("grant_table", "GNTTAB_CACHE_"),
            ConstantClass.of(BlkifOp.class).has("io/blkif", "BLKIF_OP_"),
            ConstantClass.of(BlkifStatus.class).has("io/blkif", "BLKIF_RSP_"),
            ConstantClass.of(Blkif.class)
                    .has("io/blkif", "BLKIF_", "BLKIF_(OP|RSP)_.*")
                    .named("io/blkif", "VDISK_CDROM", "VDISK_CDROM")
                    .named("io/blkif", "VDISK_REMOVABLE", "VDISK_REMOVABLE")
                    .named("io/blkif", "VDISK_READONLY", "VDISK_READONLY"));

    static Stream<ConstantClass> classes() {
        return ALL.stream();
    }

    static Stream<ConstantClass> namingClasses() {
        return ALL.stream().filter(it -> Stream.of(it.type.getMethods())
                .anyMatch(method -> method.getName().equals("nameOf")));
    }

    @ParameterizedTest
    @MethodSource("classes")
    void shouldCarryExactlyTheHeadersNamesAndValues(ConstantClass constants) {
        Map<String, Long> expected = new LinkedHashMap<>();
        constants
                .expected()
                .forEach((name, value) -> expected.put(name, isInt(constants.type, name) ? (int) (long) value : value));
        Map<String, Long> actual = new LinkedHashMap<>();
        for (Class<?> type : List.of(int.class, long.class)) {
            for (Field field : AbiClasses.constants(constants.type, type)) {
                actual.put(field.getName(), AbiClasses.value(field));
            }
        }
        assertThat(actual).isNotEmpty().containsExactlyInAnyOrderEntriesOf(expected);
    }

    /** The protocol's class knows more than the header: the offsets of its page, and what newer headers add. */
    @Test
    void shouldCarryXenstoresLimits() {
        Map<String, Long> ours = AbiClasses.constants(XsWire.class, int.class).stream()
                .collect(java.util.stream.Collectors.toMap(Field::getName, AbiClasses::value));
        Layout.constants("io/xs_wire").forEach((name, value) -> {
            if (name.startsWith("XENSTORE_")) {
                String here = name.substring("XENSTORE_".length()).replace("SERVER_FEATURE", "FEATURE");
                assertThat(ours).containsEntry(here, value);
            }
        });
    }

    @ParameterizedTest
    @MethodSource("namingClasses")
    void shouldNameEveryNumber(ConstantClass constants) {
        constants.expectedNames().forEach((value, name) -> assertThat(nameOf(constants.type, (int) (long) value))
                .isEqualTo(name));
        assertThat(nameOf(constants.type, 123456)).endsWith(" 123456");
    }

    /** An int holds 32 bits, whatever their sign in C. */
    private static boolean isInt(Class<?> type, String name) {
        return AbiClasses.constants(type, int.class).stream()
                .anyMatch(field -> field.getName().equals(name));
    }

    private static String nameOf(Class<?> type, int number) {
        try {
            Method method = type.getMethod("nameOf", int.class);
            return (String) method.invoke(null, number);
        } catch (ReflectiveOperationException e) {
            throw new LinkageError(e.getMessage(), e);
        }
    }
}
