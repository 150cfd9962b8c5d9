// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import io.splitvisor.abi.HvmParam;
import io.splitvisor.abi.ShutdownReason;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.XenHvmParam;
import io.splitvisor.hypercall.HypercallOp;
import io.splitvisor.monitor.Domain;

/** {@code hvm_op(op, arg)}: a domain's parameters. Which of them a guest may read and write is Xen's table. */
final class HvmHandlers {
    private static final int TIMER_MODES = 4;
    private static final long TSS_BYTES = 104;
    private static final long MOST_TSS_BYTES = TSS_BYTES + 0x100 / 8 + 0x10000 / 8 + 1;

    /** Who may use a parameter. */
    private enum Access {
        GUEST,
        /** Only a domain that asks about another one. */
        TOOLSTACK,
        NOBODY
    }

    private final DomainTargets targets;

    HvmHandlers(DomainTargets targets) {
        this.targets = targets;
    }

    void bind(HypercallTable table) {
        table.bind(HypercallOp.HVMOP_SET_PARAM, this::setParam);
        table.bind(HypercallOp.HVMOP_GET_PARAM, this::getParam);
        // Which vCPUs is not to be said: the argument is null.
        table.bind(
                HypercallOp.HVMOP_FLUSH_TLBS,
                call -> call.word(1) == 0 ? call.caller().paging().flushTlbs(call.vcpu()) : -XenErrno.EINVAL);
    }

    private static Access writing(int index) {
        return switch (index) {
            case HvmParam.CALLBACK_IRQ,
                    HvmParam.VM86_TSS,
                    HvmParam.VM86_TSS_SIZED,
                    HvmParam.ACPI_IOPORTS_LOCATION,
                    HvmParam.VM_GENERATION_ID_ADDR,
                    HvmParam.STORE_EVTCHN,
                    HvmParam.CONSOLE_EVTCHN,
                    HvmParam.X87_FIP_WIDTH -> Access.GUEST;
            case HvmParam.PAE_ENABLED,
                    HvmParam.DM_DOMAIN,
                    HvmParam.MEMORY_EVENT_CR0,
                    HvmParam.MEMORY_EVENT_CR3,
                    HvmParam.MEMORY_EVENT_CR4,
                    HvmParam.MEMORY_EVENT_INT3,
                    HvmParam.NESTEDHVM,
                    HvmParam.MEMORY_EVENT_SINGLE_STEP,
                    HvmParam.BUFIOREQ_EVTCHN,
                    HvmParam.MEMORY_EVENT_MSR -> Access.NOBODY;
            default -> Access.TOOLSTACK;
        };
    }

    private static Access reading(int index) {
        return switch (index) {
            case HvmParam.STORE_PFN, HvmParam.CONSOLE_PFN, HvmParam.ALTP2M -> Access.GUEST;
            default -> writing(index);
        };
    }

    /** What forbids the caller to use a parameter of a domain, or 0; the order of the checks is Xen's. */
    private static long refusal(HypercallContext call, Domain domain, Access access) {
        if (domain == null) {
            return -XenErrno.ESRCH;
        }
        if (!DomainTargets.permitted(call, domain)) {
            return -XenErrno.EPERM;
        }
        return switch (access) {
            case GUEST -> 0;
            case TOOLSTACK -> domain == call.caller() ? -XenErrno.EPERM : 0;
            case NOBODY -> -XenErrno.EINVAL;
        };
    }

    private long getParam(HypercallContext call) {
        int index = XenHvmParam.index(call.argument(), 0);
        if (Integer.compareUnsigned(index, HvmParam.NR_PARAMS) >= 0) {
            return -XenErrno.EINVAL;
        }
        Domain domain = targets.find(call, XenHvmParam.domid(call.argument(), 0));
        long refusal = refusal(call, domain, reading(index));
        if (refusal != 0) {
            return refusal;
        }
        long value = domain.params().get(index == HvmParam.VM86_TSS ? HvmParam.VM86_TSS_SIZED : index);
        XenHvmParam.value(call.argument(), 0, index == HvmParam.VM86_TSS ? value & 0xffff_ffffL : value);
        return 0;
    }

    private long setParam(HypercallContext call) {
        int index = XenHvmParam.index(call.argument(), 0);
        long value = XenHvmParam.value(call.argument(), 0);
        if (Integer.compareUnsigned(index, HvmParam.NR_PARAMS) >= 0) {
            return -XenErrno.EINVAL;
        }
        Domain domain = targets.find(call, XenHvmParam.domid(call.argument(), 0));
        long refusal = refusal(call, domain, writing(index));
        if (refusal == 0) {
            refusal = check(call, domain, index, value);
        }
        if (refusal != 0) {
            return refusal;
        }
        switch (index) {
            // Old firmware gives an address only.
            case HvmParam.VM86_TSS -> domain.params().set(HvmParam.VM86_TSS_SIZED, value == 0 ? 0 : value | 128L << 32);
            case HvmParam.VM86_TSS_SIZED -> {
                long bytes = Math.min(value >>> 32, MOST_TSS_BYTES);
                domain.params().set(index, bytes << 32 | (value & 0xffff_ffffL));
            }
            default -> domain.params().set(index, value);
        }
        return 0;
    }

    private static long check(HypercallContext call, Domain domain, int index, long value) {
        boolean sound =
                switch (index) {
                    case HvmParam.TIMER_MODE -> Long.compareUnsigned(value, TIMER_MODES) < 0;
                    case HvmParam.X87_FIP_WIDTH -> value == 0 || value == 4 || value == 8;
                    case HvmParam.TRIPLE_FAULT_REASON ->
                        Long.compareUnsigned(value, ShutdownReason.values().length) < 0;
                    case HvmParam.VM86_TSS -> value >>> 32 == 0;
                    case HvmParam.VM86_TSS_SIZED -> value >>> 32 >= TSS_BYTES;
                    default -> true;
                };
        if (!sound) {
            boolean fatal = index == HvmParam.VM86_TSS || index == HvmParam.VM86_TSS_SIZED;
            if (fatal && domain == call.caller()) {
                domain.crash("parameter " + HvmParam.nameOf(index) + " set to " + Long.toHexString(value));
            }
            return -XenErrno.EINVAL;
        }
        return switch (index) {
            // There is no power management timer whose ports could move.
            case HvmParam.ACPI_IOPORTS_LOCATION -> -XenErrno.ENODEV;
            case HvmParam.VIRIDIAN,
                    HvmParam.IOREQ_PFN,
                    HvmParam.BUFIOREQ_PFN,
                    HvmParam.IOREQ_SERVER_PFN,
                    HvmParam.NR_IOREQ_SERVER_PAGES,
                    HvmParam.ALTP2M,
                    HvmParam.MCA_CAP ->
                // Nothing here has these.
                -XenErrno.EINVAL;
            default -> 0;
        };
    }
}
