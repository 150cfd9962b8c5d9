// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import io.splitvisor.abi.DomId;
import io.splitvisor.abi.XenDomctl;
import io.splitvisor.abi.XenDomctlGetvcpuinfo;
import io.splitvisor.abi.XenDomctlMaxMem;
import io.splitvisor.abi.XenDomctlMaxVcpus;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.hypercall.DomainHandle;
import io.splitvisor.hypercall.HypercallOp;
import io.splitvisor.monitor.Domain;
import io.splitvisor.monitor.Monitor;
import java.lang.foreign.MemorySegment;

/** {@code domctl(op)}: what the toolstack does to domains, and asks about them. */
final class DomctlHandlers {
    private static final long U = XenDomctl.u(0);
    private static final long PAGES_BITS = 32;

    /** An operation on a domain that there is. */
    @FunctionalInterface
    private interface DomainOperation {
        long serve(HypercallContext call, Domain domain);
    }

    private final Monitor monitor;
    private final DomainTargets targets;

    DomctlHandlers(Monitor monitor, DomainTargets targets) {
        this.monitor = monitor;
        this.targets = targets;
    }

    void bind(HypercallTable table) {
        bind(table, HypercallOp.DOMCTL_DESTROYDOMAIN, this::destroy);
        bind(table, HypercallOp.DOMCTL_PAUSEDOMAIN, DomctlHandlers::pause);
        bind(table, HypercallOp.DOMCTL_UNPAUSEDOMAIN, DomctlHandlers::unpause);
        bind(table, HypercallOp.DOMCTL_MAX_MEM, DomctlHandlers::maxMem);
        bind(table, HypercallOp.DOMCTL_GETVCPUINFO, DomctlHandlers::vcpuInfo);
        bind(table, HypercallOp.DOMCTL_MAX_VCPUS, DomctlHandlers::maxVcpus);
        bind(table, HypercallOp.DOMCTL_SETDOMAINHANDLE, DomctlHandlers::setHandle);
        table.bind(HypercallOp.DOMCTL_GETDOMAININFO, this::domainInfo);
    }

    private void bind(HypercallTable table, HypercallOp op, DomainOperation operation) {
        table.bind(op, call -> {
            int domid = XenDomctl.domain(call.argument(), 0);
            // The toolstack names domains by number only.
            Domain domain = domid == DomId.SELF ? null : targets.find(call, domid);
            return domain == null ? -XenErrno.ESRCH : operation.serve(call, domain);
        });
    }

    private long destroy(HypercallContext call, Domain domain) {
        if (domain == call.caller()) {
            return -XenErrno.EINVAL;
        }
        try {
            monitor.destroy(domain);
            return 0;
        } catch (IllegalStateException e) {
            // Pages of it are in use; it offers no more, and can be destroyed later.
            return -XenErrno.EBUSY;
        }
    }

    private static long pause(HypercallContext call, Domain domain) {
        if (domain == call.caller()) {
            return -XenErrno.EINVAL;
        }
        domain.pause(true);
        return 0;
    }

    private static long unpause(HypercallContext call, Domain domain) {
        if (!domain.paused()) {
            return -XenErrno.EINVAL;
        }
        domain.pause(false);
        return 0;
    }

    /** A domain that has more keeps it, and gets no more until it has less. */
    private static long maxMem(HypercallContext call, Domain domain) {
        long pages = XenDomctlMaxMem.maxMemkb(call.argument(), U) >>> 2;
        domain.memory().reservation().limit(Math.min(pages, (1L << PAGES_BITS) - 1));
        return 0;
    }

    private static long vcpuInfo(HypercallContext call, Domain domain) {
        MemorySegment argument = call.argument();
        int vcpu = XenDomctlGetvcpuinfo.vcpu(argument, U);
        if (Integer.compareUnsigned(vcpu, domain.vcpus()) >= 0) {
            return -XenErrno.EINVAL;
        }
        boolean asleep = DomainInfoWriter.isAsleep(domain, vcpu);
        XenDomctlGetvcpuinfo.online(argument, U, domain.vcpu(vcpu).isDown() ? 0 : 1);
        XenDomctlGetvcpuinfo.blocked(argument, U, asleep ? 1 : 0);
        XenDomctlGetvcpuinfo.running(argument, U, asleep || domain.paused() ? 0 : 1);
        // The host knows the time of the whole process only.
        XenDomctlGetvcpuinfo.cpuTime(argument, U, domain.cpuNanos() / domain.vcpus());
        XenDomctlGetvcpuinfo.cpu(argument, U, 0);
        return 0;
    }

    /** The vCPUs were made with the domain. */
    private static long maxVcpus(HypercallContext call, Domain domain) {
        boolean fits = domain != call.caller() && XenDomctlMaxVcpus.max(call.argument(), U) == domain.vcpus();
        return fits ? 0 : -XenErrno.EINVAL;
    }

    private static long setHandle(HypercallContext call, Domain domain) {
        domain.handle(DomainHandle.get(call.argument(), U));
        return 0;
    }

    /** The domain with this number, or else the next one. */
    private long domainInfo(HypercallContext call) {
        int domid = XenDomctl.domain(call.argument(), 0);
        if (domid >= DomId.FIRST_RESERVED) {
            return -XenErrno.EINVAL;
        }
        Domain domain = monitor.findFrom(domid);
        if (domain == null) {
            return -XenErrno.ESRCH;
        }
        DomainInfoWriter.write(domain, call.argument(), U);
        XenDomctl.domain(call.argument(), 0, domain.domid());
        return 0;
    }
}
