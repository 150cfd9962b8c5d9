// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import io.splitvisor.abi.DomainFlags;
import io.splitvisor.abi.XenDomctlGetdomaininfo;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.hypercall.DomainHandle;
import io.splitvisor.monitor.Domain;
import io.splitvisor.monitor.memory.GuestMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** A domain as {@code xen_domctl_getdomaininfo} shows it. */
final class DomainInfoWriter {
    /** A guest's frames reach up to 1 TiB. */
    private static final int ADDRESS_BITS = 40;

    private DomainInfoWriter() {}

    static void write(Domain domain, MemorySegment to, long at) {
        to.asSlice(at, XenDomctlGetdomaininfo.SIZE).fill((byte) 0);
        GuestMemory memory = domain.memory();
        XenDomctlGetdomaininfo.domain(to, at, domain.domid());
        XenDomctlGetdomaininfo.flags(to, at, flags(domain));
        XenDomctlGetdomaininfo.totPages(to, at, memory.reservation().pages());
        XenDomctlGetdomaininfo.maxPages(to, at, memory.reservation().limit());
        XenDomctlGetdomaininfo.sharedInfoFrame(
                to, at, memory.frameOf(memory.layout().sharedInfo()));
        XenDomctlGetdomaininfo.cpuTime(to, at, domain.cpuNanos());
        XenDomctlGetdomaininfo.nrOnlineVcpus(to, at, domain.vcpus());
        XenDomctlGetdomaininfo.maxVcpuId(to, at, domain.vcpus() - 1);
        XenDomctlGetdomaininfo.gpaddrBits(to, at, ADDRESS_BITS);
        DomainHandle.put(to, at + XenDomctlGetdomaininfo.HANDLE, domain.handle());
    }

    private static int flags(Domain domain) {
        int awake = 0;
        for (int vcpu = 0; vcpu < domain.vcpus(); vcpu++) {
            if (!isAsleep(domain, vcpu)) {
                awake++;
            }
        }
        int flags = DomainFlags.HVM_GUEST;
        flags |= awake == 0 ? DomainFlags.BLOCKED : 0;
        flags |= awake > 0 && !domain.paused() && !domain.ended() ? DomainFlags.RUNNING : 0;
        flags |= domain.paused() ? DomainFlags.PAUSED : 0;
        flags |= domain.dying() ? DomainFlags.DYING : 0;
        if (domain.ended()) {
            flags |= DomainFlags.SHUTDOWN | domain.shutdownReason() << DomainFlags.SHUTDOWNSHIFT;
        }
        return flags;
    }

    /** Whether a vCPU says that it sleeps: the guest's word, good enough for people. Who is gone sleeps, too. */
    static boolean isAsleep(Domain domain, int vcpu) {
        GuestMemory memory = domain.memory();
        long at = DomainLayout.bytes(memory.layout().vcpuControl(vcpu)) + DomainLayout.VCPU_ASLEEP;
        try {
            return memory.segment().get(ValueLayout.JAVA_INT, at) != 0;
        } catch (IllegalStateException e) {
            // The domain was destroyed since it was found.
            return true;
        }
    }
}
