// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import io.splitvisor.abi.PhysicalCapabilities;
import io.splitvisor.abi.XenDomctlGetdomaininfo;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.XenSysctl;
import io.splitvisor.abi.XenSysctlAvailheap;
import io.splitvisor.abi.XenSysctlGetdomaininfolist;
import io.splitvisor.abi.XenSysctlPhysinfo;
import io.splitvisor.abi.XenSysctlReadconsole;
import io.splitvisor.hypercall.HypercallOp;
import io.splitvisor.monitor.Domain;
import io.splitvisor.monitor.Machine;
import io.splitvisor.monitor.Monitor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** {@code sysctl(op)}: what the toolstack asks about the host. */
final class SysctlHandlers {
    private static final long U = XenSysctl.u(0);
    private static final int PAGE = 4096;

    /** Text copied at most, so that the call is short. */
    private static final int MOST_TEXT = 1 << 16;

    private final Monitor monitor;

    SysctlHandlers(Monitor monitor) {
        this.monitor = monitor;
    }

    void bind(HypercallTable table) {
        table.bind(HypercallOp.SYSCTL_READCONSOLE, this::readConsole);
        table.bind(HypercallOp.SYSCTL_PHYSINFO, this::physicalInfo);
        table.bind(HypercallOp.SYSCTL_GETDOMAININFOLIST, this::domainInfoList);
        table.bind(HypercallOp.SYSCTL_AVAILHEAP, call -> {
            XenSysctlAvailheap.availBytes(call.argument(), U, monitor.machine().freePages() * PAGE);
            return 0;
        });
    }

    private long readConsole(HypercallContext call) {
        MemorySegment argument = call.argument();
        int count = XenSysctlReadconsole.count(argument, U);
        int most = count < 0 ? MOST_TEXT : Math.min(count, MOST_TEXT);
        int from = XenSysctlReadconsole.incremental(argument, U) != 0 ? XenSysctlReadconsole.index(argument, U) : 0;
        boolean clear = XenSysctlReadconsole.clear(argument, U) != 0;
        long buffer = XenSysctlReadconsole.buffer(argument, U);
        if (!call.caller().memory().isAccessible(buffer, most)) {
            return -XenErrno.EFAULT;
        }
        Machine.LogText text = monitor.machine().readLog(from, most, clear);
        int bytes = text.text().length;
        if (!call.caller().memory().copyTo(buffer, MemorySegment.ofArray(text.text()), bytes)) {
            return -XenErrno.EFAULT;
        }
        XenSysctlReadconsole.count(argument, U, bytes);
        XenSysctlReadconsole.index(argument, U, text.next());
        return 0;
    }

    private long physicalInfo(HypercallContext call) {
        MemorySegment argument = call.argument();
        Machine machine = monitor.machine();
        argument.asSlice(U, XenSysctlPhysinfo.SIZE).fill((byte) 0);
        XenSysctlPhysinfo.threadsPerCore(argument, U, 1);
        XenSysctlPhysinfo.coresPerSocket(argument, U, machine.processors());
        XenSysctlPhysinfo.nrCpus(argument, U, machine.processors());
        XenSysctlPhysinfo.maxCpuId(argument, U, machine.processors() - 1);
        XenSysctlPhysinfo.nrNodes(argument, U, 1);
        XenSysctlPhysinfo.cpuKhz(argument, U, (int) machine.khz());
        XenSysctlPhysinfo.capabilities(argument, U, PhysicalCapabilities.GNTTAB_V1);
        XenSysctlPhysinfo.totalPages(argument, U, machine.totalPages());
        XenSysctlPhysinfo.freePages(argument, U, machine.freePages());
        XenSysctlPhysinfo.maxMfn(argument, U, Math.max(machine.totalPages() - 1, 0));
        return 0;
    }

    private long domainInfoList(HypercallContext call) {
        MemorySegment argument = call.argument();
        int first = XenSysctlGetdomaininfolist.firstDomain(argument, U);
        long most = XenSysctlGetdomaininfolist.maxDomains(argument, U) & 0xffff_ffffL;
        long buffer = XenSysctlGetdomaininfolist.buffer(argument, U);
        int count = 0;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment info = arena.allocate(XenDomctlGetdomaininfo.SIZE, Long.BYTES);
            Domain domain = monitor.findFrom(first);
            while (domain != null && count < most) {
                DomainInfoWriter.write(domain, info, 0);
                long at = buffer + (long) count * XenDomctlGetdomaininfo.SIZE;
                if (!call.caller().memory().copyTo(at, info, XenDomctlGetdomaininfo.SIZE)) {
                    return -XenErrno.EFAULT;
                }
                count++;
                domain = monitor.findFrom(domain.domid() + 1);
            }
        }
        XenSysctlGetdomaininfolist.numDomains(argument, U, count);
        return 0;
    }
}
