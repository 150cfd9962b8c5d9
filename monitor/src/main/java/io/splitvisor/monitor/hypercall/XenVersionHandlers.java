// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import io.splitvisor.abi.XenCompileInfo;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.XenFeature;
import io.splitvisor.abi.XenFeatureInfo;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.hypercall.DomainHandle;
import io.splitvisor.hypercall.HypercallOp;
import io.splitvisor.monitor.MonitorVersion;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** {@code xen_version(cmd, arg)}: which ABI this is. Buffers are zeroed beforehand, so that texts end (row H10). */
final class XenVersionHandlers {
    /** What Xen tells those whom it does not tell. */
    private static final String DENIED = "<denied>";

    /** HYPERVISOR_VIRT_START of x86-64: where a PV guest finds Xen's own addresses. */
    private static final long VIRT_START = 0xffff_8000_0000_0000L;

    /** A translated guest, as PVH is: what Xen tells such a one. */
    private static final int FEATURES = 1 << XenFeature.MEMORY_OP_VNODE_SUPPORTED
            | 1 << XenFeature.WRITABLE_PAGE_TABLES
            | 1 << XenFeature.AUTO_TRANSLATED_PHYSMAP
            | 1 << XenFeature.HVM_SAFE_PVCLOCK
            | 1 << XenFeature.HVM_CALLBACK_VECTOR
            | 1 << XenFeature.NOT_DIRECT_MAPPED;

    void bind(HypercallTable table) {
        table.bind(HypercallOp.XENVER_VERSION, _ -> MonitorVersion.MAJOR << 16 | MonitorVersion.MINOR);
        bindText(table, HypercallOp.XENVER_EXTRAVERSION, MonitorVersion.EXTRA);
        bindText(table, HypercallOp.XENVER_CAPABILITIES, MonitorVersion.CAPABILITIES);
        bindText(table, HypercallOp.XENVER_CHANGESET, "unavailable");
        table.bind(HypercallOp.XENVER_COMPILE_INFO, XenVersionHandlers::compileInfo);
        table.bind(HypercallOp.XENVER_PLATFORM_PARAMETERS, call -> {
            call.argument().set(ValueLayout.JAVA_LONG, 0, VIRT_START);
            return 0;
        });
        table.bind(HypercallOp.XENVER_GET_FEATURES, XenVersionHandlers::features);
        table.bind(HypercallOp.XENVER_PAGESIZE, call -> call.word(1) == 0 ? DomainLayout.PAGE_SIZE : -XenErrno.EINVAL);
        table.bind(HypercallOp.XENVER_GUEST_HANDLE, XenVersionHandlers::handle);
        bindText(table, HypercallOp.XENVER_COMMANDLINE, DENIED);
        table.bind(
                HypercallOp.XENVER_BUILD_ID, call -> call.caller().privileged() ? -XenErrno.ENODATA : -XenErrno.EPERM);
    }

    /** The buffer has been zeroed, and the text is shorter. */
    private static void bindText(HypercallTable table, HypercallOp op, String text) {
        table.bind(op, call -> {
            call.argument().setString(0, text);
            return 0;
        });
    }

    private static long compileInfo(HypercallContext call) {
        MemorySegment argument = call.argument();
        argument.setString(XenCompileInfo.COMPILER, "javac " + Runtime.version().feature());
        argument.setString(XenCompileInfo.COMPILE_BY, "splitvisor");
        return 0;
    }

    private static long features(HypercallContext call) {
        if (XenFeatureInfo.submapIdx(call.argument(), 0) != 0) {
            return -XenErrno.EINVAL;
        }
        int dom0 = call.caller().privileged() ? 1 << XenFeature.DOM0 : 0;
        XenFeatureInfo.submap(call.argument(), 0, FEATURES | dom0);
        return 0;
    }

    private static long handle(HypercallContext call) {
        DomainHandle.put(call.argument(), 0, call.caller().handle());
        return 0;
    }
}
