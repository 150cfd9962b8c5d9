// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * A domain as the toolstack sees it. {@code struct xen_domctl_getdomaininfo} in domctl.h.
 *
 * <pre>
 *   offset  size  field              written by
 *        0     2  domain             monitor: its number
 *        4     4  flags              monitor: XEN_DOMINF_*, and the shutdown reason in bits 23:16
 *        8     8  tot_pages          monitor: pages that it has
 *       16     8  max_pages          monitor: pages that it may have
 *       24     8  outstanding_pages  monitor: claimed
 *       32     8  shr_pages          monitor: shared with others
 *       40     8  paged_pages        monitor: paged out
 *       48     8  shared_info_frame  monitor: guest frame
 *       56     8  cpu_time           monitor: nanoseconds
 *       64     4  nr_online_vcpus    monitor
 *       68     4  max_vcpu_id        monitor: the highest
 *       72     4  ssidref            monitor: security label
 *       76    16  handle[16]         monitor: its UUID
 *       92     4  cpupool            monitor
 *       96     1  gpaddr_bits        monitor: width of guest-physical addresses
 *      104     8  arch_config        monitor
 * </pre>
 */
public final class XenDomctlGetdomaininfo {
    /** Bytes of the structure. */
    public static final int SIZE = 112;

    public static final long DOMAIN = 0;
    public static final long FLAGS = 4;
    public static final long TOT_PAGES = 8;
    public static final long MAX_PAGES = 16;
    public static final long OUTSTANDING_PAGES = 24;
    public static final long SHR_PAGES = 32;
    public static final long PAGED_PAGES = 40;
    public static final long SHARED_INFO_FRAME = 48;
    public static final long CPU_TIME = 56;
    public static final long NR_ONLINE_VCPUS = 64;
    public static final long MAX_VCPU_ID = 68;
    public static final long SSIDREF = 72;
    public static final long HANDLE = 76;
    public static final long CPUPOOL = 92;
    public static final long GPADDR_BITS = 96;
    public static final long ARCH_CONFIG = 104;

    private XenDomctlGetdomaininfo() {}

    public static int domain(MemorySegment memory, long at) {
        return Short.toUnsignedInt(memory.get(JAVA_SHORT_UNALIGNED, at + DOMAIN));
    }

    public static void domain(MemorySegment memory, long at, int value) {
        memory.set(JAVA_SHORT_UNALIGNED, at + DOMAIN, (short) value);
    }

    public static int flags(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + FLAGS);
    }

    public static void flags(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + FLAGS, value);
    }

    public static long totPages(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + TOT_PAGES);
    }

    public static void totPages(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + TOT_PAGES, value);
    }

    public static long maxPages(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + MAX_PAGES);
    }

    public static void maxPages(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + MAX_PAGES, value);
    }

    public static long outstandingPages(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + OUTSTANDING_PAGES);
    }

    public static void outstandingPages(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + OUTSTANDING_PAGES, value);
    }

    public static long shrPages(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + SHR_PAGES);
    }

    public static void shrPages(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + SHR_PAGES, value);
    }

    public static long pagedPages(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + PAGED_PAGES);
    }

    public static void pagedPages(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + PAGED_PAGES, value);
    }

    public static long sharedInfoFrame(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + SHARED_INFO_FRAME);
    }

    public static void sharedInfoFrame(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + SHARED_INFO_FRAME, value);
    }

    public static long cpuTime(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + CPU_TIME);
    }

    public static void cpuTime(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + CPU_TIME, value);
    }

    public static int nrOnlineVcpus(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + NR_ONLINE_VCPUS);
    }

    public static void nrOnlineVcpus(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + NR_ONLINE_VCPUS, value);
    }

    public static int maxVcpuId(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + MAX_VCPU_ID);
    }

    public static void maxVcpuId(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + MAX_VCPU_ID, value);
    }

    public static int ssidref(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + SSIDREF);
    }

    public static void ssidref(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + SSIDREF, value);
    }

    public static int handle(MemorySegment memory, long at, int index) {
        return Byte.toUnsignedInt(memory.get(JAVA_BYTE, at + HANDLE + index));
    }

    public static void handle(MemorySegment memory, long at, int index, int value) {
        memory.set(JAVA_BYTE, at + HANDLE + index, (byte) value);
    }

    public static int cpupool(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + CPUPOOL);
    }

    public static void cpupool(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + CPUPOOL, value);
    }

    public static int gpaddrBits(MemorySegment memory, long at) {
        return Byte.toUnsignedInt(memory.get(JAVA_BYTE, at + GPADDR_BITS));
    }

    public static void gpaddrBits(MemorySegment memory, long at, int value) {
        memory.set(JAVA_BYTE, at + GPADDR_BITS, (byte) value);
    }

    public static long archConfig(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + ARCH_CONFIG);
    }

    public static void archConfig(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + ARCH_CONFIG, value);
    }
}
