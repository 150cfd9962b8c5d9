// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.hypercall;

import io.splitvisor.abi.Domctl;
import io.splitvisor.abi.ShadowOp;
import io.splitvisor.abi.Sysctl;
import io.splitvisor.abi.XenDomctl;
import io.splitvisor.abi.XenDomctlGetdomaininfo;
import io.splitvisor.abi.XenDomctlGetvcpuinfo;
import io.splitvisor.abi.XenDomctlMaxMem;
import io.splitvisor.abi.XenDomctlMaxVcpus;
import io.splitvisor.abi.XenDomctlShadowOp;
import io.splitvisor.abi.XenSysctl;
import io.splitvisor.abi.XenSysctlAvailheap;
import io.splitvisor.abi.XenSysctlGetdomaininfolist;
import io.splitvisor.abi.XenSysctlPhysinfo;
import io.splitvisor.abi.XenSysctlReadconsole;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;

/**
 * {@code domctl} and {@code sysctl}, one at a time: what a toolstack asks of the monitor. Results are 0 or a negative error;
 * whoever is not privileged gets -EPERM. Thread-safe.
 */
public final class ToolstackCalls {
    /** Bytes of memory needed for structures, and for what they point to. */
    public static final int BYTES = 1 << 16;

    private static final int BUFFER = 4096;
    /** How a hypercall with one word is made and waited for. */
    @FunctionalInterface
    public interface Caller {
        /** Makes it. */
        long call(long number, long word);
    }

    private final Caller caller;
    private final MemorySegment memory;
    private final long at;

    /**
     * @param memory the caller's memory
     * @param at guest-physical address of {@link #BYTES} in it, 8-aligned
     */
    public ToolstackCalls(Caller caller, MemorySegment memory, long at) {
        Objects.checkFromIndexSize(at, BYTES, memory.byteSize());
        this.caller = caller;
        this.memory = memory;
        this.at = at;
    }

    /**
     * A domain.
     *
     * @param domid its number
     * @param flags {@link io.splitvisor.abi.DomainFlags}, and the shutdown reason in bits 23:16
     * @param pages pages that it has
     * @param maxPages pages that it may have
     * @param cpuNanos processor time used
     * @param vcpus its vCPUs
     * @param sharedInfoFrame guest frame of shared_info
     * @param handle its UUID
     */
    public record DomainState(
            int domid,
            int flags,
            long pages,
            long maxPages,
            long cpuNanos,
            int vcpus,
            long sharedInfoFrame,
            UUID handle) {
        /** Whether a flag is set. */
        public boolean has(int flag) {
            return (flags & flag) != 0;
        }
    }

    /**
     * A vCPU.
     *
     * @param online whether it is up
     * @param blocked whether it waits for an event
     * @param running whether it runs
     * @param cpuNanos processor time used
     */
    public record VcpuState(boolean online, boolean blocked, boolean running, long cpuNanos) {}

    /**
     * The host.
     *
     * @param cpus processors
     * @param khz their frequency
     * @param totalPages memory
     * @param freePages what is left of it
     * @param capabilities {@link io.splitvisor.abi.PhysicalCapabilities}
     */
    public record HostState(int cpus, int khz, long totalPages, long freePages, int capabilities) {}

    /** An error of a call that answers something. */
    public static final class RefusedException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private final long error;

        RefusedException(HypercallOp op, long error) {
            super(op.xenName() + ": " + io.splitvisor.abi.XenErrno.nameOf(error));
            this.error = error;
        }

        /** The negative error. */
        public long error() {
            return error;
        }
    }

    private long domctl(HypercallOp op, int domid) {
        XenDomctl.cmd(memory, at, op.command());
        XenDomctl.interfaceVersion(memory, at, Domctl.INTERFACE_VERSION);
        XenDomctl.domain(memory, at, domid);
        return caller.call(op.number(), at);
    }

    private long sysctl(HypercallOp op) {
        XenSysctl.cmd(memory, at, op.command());
        XenSysctl.interfaceVersion(memory, at, Sysctl.INTERFACE_VERSION);
        return caller.call(op.number(), at);
    }

    private static void require(HypercallOp op, long result) {
        if (result < 0) {
            throw new RefusedException(op, result);
        }
    }

    private long u() {
        memory.asSlice(at, XenDomctl.SIZE).fill((byte) 0);
        return XenDomctl.u(at);
    }

    private long sysctlU() {
        memory.asSlice(at, XenSysctl.SIZE).fill((byte) 0);
        return XenSysctl.u(at);
    }

    /** {@code XEN_DOMCTL_pausedomain}. */
    public synchronized long pause(int domid) {
        u();
        return domctl(HypercallOp.DOMCTL_PAUSEDOMAIN, domid);
    }

    /** {@code XEN_DOMCTL_unpausedomain}. */
    public synchronized long unpause(int domid) {
        u();
        return domctl(HypercallOp.DOMCTL_UNPAUSEDOMAIN, domid);
    }

    /** {@code XEN_DOMCTL_destroydomain}: -EBUSY while pages of it are in use. */
    public synchronized long destroy(int domid) {
        u();
        return domctl(HypercallOp.DOMCTL_DESTROYDOMAIN, domid);
    }

    /** {@code XEN_DOMCTL_max_mem}: the most memory that the domain may have. */
    public synchronized long maxMem(int domid, long kib) {
        XenDomctlMaxMem.maxMemkb(memory, u(), kib);
        return domctl(HypercallOp.DOMCTL_MAX_MEM, domid);
    }

    /**
     * {@code XEN_DOMCTL_shadow_op} without a log: ENABLE_LOGDIRTY, OFF, SET_ALLOCATION.
     *
     * @param op of {@link io.splitvisor.abi.ShadowOp}
     * @param mib memory for tables, for SET_ALLOCATION
     */
    public synchronized long shadowOp(int domid, int op, int mib) {
        long u = u();
        XenDomctlShadowOp.op(memory, u, op);
        XenDomctlShadowOp.mb(memory, u, mib);
        return domctl(HypercallOp.DOMCTL_SHADOW_OP, domid);
    }

    /** {@code GET_ALLOCATION}: memory for tables in MiB. */
    public synchronized int tableMib(int domid) {
        require(HypercallOp.DOMCTL_SHADOW_OP, shadowOp(domid, ShadowOp.GET_ALLOCATION, 0));
        return XenDomctlShadowOp.mb(memory, XenDomctl.u(at));
    }

    /**
     * {@code CLEAN} or {@code PEEK}: which frames have changed.
     *
     * @param take whether the log is emptied
     * @param bitmap guest-physical address where the log goes, or 0
     * @param frames how many frames there is room for; a multiple of 8
     * @return how many frames it holds
     */
    public synchronized long dirtyLog(int domid, boolean take, long bitmap, long frames) {
        long u = u();
        XenDomctlShadowOp.op(memory, u, take ? ShadowOp.CLEAN : ShadowOp.PEEK);
        XenDomctlShadowOp.dirtyBitmap(memory, u, bitmap);
        XenDomctlShadowOp.pages(memory, u, frames);
        require(HypercallOp.DOMCTL_SHADOW_OP, domctl(HypercallOp.DOMCTL_SHADOW_OP, domid));
        return XenDomctlShadowOp.pages(memory, XenDomctl.u(at));
    }

    /** {@code XEN_DOMCTL_max_vcpus}. */
    public synchronized long maxVcpus(int domid, int vcpus) {
        XenDomctlMaxVcpus.max(memory, u(), vcpus);
        return domctl(HypercallOp.DOMCTL_MAX_VCPUS, domid);
    }

    /** {@code XEN_DOMCTL_setdomainhandle}: the UUID that the guest is told. */
    public synchronized long setHandle(int domid, UUID handle) {
        DomainHandle.put(memory, u(), handle);
        return domctl(HypercallOp.DOMCTL_SETDOMAINHANDLE, domid);
    }

    /**
     * {@code XEN_DOMCTL_getdomaininfo}: the domain, or the next one.
     *
     * @throws RefusedException if there is none
     */
    public synchronized DomainState domain(int domid) {
        long u = u();
        require(HypercallOp.DOMCTL_GETDOMAININFO, domctl(HypercallOp.DOMCTL_GETDOMAININFO, domid));
        return state(u);
    }

    /** {@code XEN_DOMCTL_getvcpuinfo}. */
    public synchronized VcpuState vcpu(int domid, int vcpu) {
        long u = u();
        XenDomctlGetvcpuinfo.vcpu(memory, u, vcpu);
        require(HypercallOp.DOMCTL_GETVCPUINFO, domctl(HypercallOp.DOMCTL_GETVCPUINFO, domid));
        return new VcpuState(
                XenDomctlGetvcpuinfo.online(memory, u) != 0,
                XenDomctlGetvcpuinfo.blocked(memory, u) != 0,
                XenDomctlGetvcpuinfo.running(memory, u) != 0,
                XenDomctlGetvcpuinfo.cpuTime(memory, u));
    }

    /** {@code XEN_SYSCTL_getdomaininfolist}, as often as it takes: all domains, Dom0 first. */
    public synchronized List<DomainState> domains() {
        List<DomainState> result = new ArrayList<>();
        int room = (BYTES - BUFFER) / XenDomctlGetdomaininfo.SIZE;
        int count = room;
        for (int first = 0; count == room; first = result.getLast().domid + 1) {
            long u = sysctlU();
            XenSysctlGetdomaininfolist.firstDomain(memory, u, first);
            XenSysctlGetdomaininfolist.maxDomains(memory, u, room);
            XenSysctlGetdomaininfolist.buffer(memory, u, at + BUFFER);
            require(HypercallOp.SYSCTL_GETDOMAININFOLIST, sysctl(HypercallOp.SYSCTL_GETDOMAININFOLIST));
            count = XenSysctlGetdomaininfolist.numDomains(memory, u);
            for (int i = 0; i < count; i++) {
                result.add(state(at + BUFFER + (long) i * XenDomctlGetdomaininfo.SIZE));
            }
        }
        return result;
    }

    private DomainState state(long from) {
        return new DomainState(
                XenDomctlGetdomaininfo.domain(memory, from),
                XenDomctlGetdomaininfo.flags(memory, from),
                XenDomctlGetdomaininfo.totPages(memory, from),
                XenDomctlGetdomaininfo.maxPages(memory, from),
                XenDomctlGetdomaininfo.cpuTime(memory, from),
                XenDomctlGetdomaininfo.nrOnlineVcpus(memory, from),
                XenDomctlGetdomaininfo.sharedInfoFrame(memory, from),
                DomainHandle.get(memory, from + XenDomctlGetdomaininfo.HANDLE));
    }

    /** {@code XEN_SYSCTL_physinfo}. */
    public synchronized HostState host() {
        long u = sysctlU();
        require(HypercallOp.SYSCTL_PHYSINFO, sysctl(HypercallOp.SYSCTL_PHYSINFO));
        return new HostState(
                XenSysctlPhysinfo.nrCpus(memory, u),
                XenSysctlPhysinfo.cpuKhz(memory, u),
                XenSysctlPhysinfo.totalPages(memory, u),
                XenSysctlPhysinfo.freePages(memory, u),
                XenSysctlPhysinfo.capabilities(memory, u));
    }

    /** {@code XEN_SYSCTL_availheap}: free memory of the host, in bytes. */
    public synchronized long availableBytes() {
        long u = sysctlU();
        XenSysctlAvailheap.node(memory, u, -1);
        require(HypercallOp.SYSCTL_AVAILHEAP, sysctl(HypercallOp.SYSCTL_AVAILHEAP));
        return XenSysctlAvailheap.availBytes(memory, u);
    }

    /** {@code XEN_SYSCTL_readconsole}, as often as it takes: the monitor's log. */
    public synchronized String readConsole(boolean clear) {
        StringBuilder text = new StringBuilder();
        int room = BYTES - BUFFER;
        int index = 0;
        int count = room;
        for (int round = 0; count == room; round++) {
            long u = sysctlU();
            XenSysctlReadconsole.clear(memory, u, clear ? 1 : 0);
            XenSysctlReadconsole.incremental(memory, u, round == 0 ? 0 : 1);
            XenSysctlReadconsole.index(memory, u, index);
            XenSysctlReadconsole.buffer(memory, u, at + BUFFER);
            XenSysctlReadconsole.count(memory, u, room);
            require(HypercallOp.SYSCTL_READCONSOLE, sysctl(HypercallOp.SYSCTL_READCONSOLE));
            count = XenSysctlReadconsole.count(memory, u);
            index = XenSysctlReadconsole.index(memory, u);
            byte[] bytes = memory.asSlice(at + BUFFER, count).toArray(ValueLayout.JAVA_BYTE);
            text.append(new String(bytes, StandardCharsets.UTF_8));
        }
        return text.toString();
    }
}
