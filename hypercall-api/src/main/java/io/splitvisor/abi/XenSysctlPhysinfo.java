// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * The host. {@code struct xen_sysctl_physinfo} in sysctl.h.
 *
 * <pre>
 *   offset  size  field              written by
 *        0     4  threads_per_core   monitor
 *        4     4  cores_per_socket   monitor
 *        8     4  nr_cpus            monitor: processors
 *       12     4  max_cpu_id         monitor
 *       16     4  nr_nodes           monitor: NUMA nodes
 *       20     4  max_node_id        monitor
 *       24     4  cpu_khz            monitor
 *       28     4  capabilities       monitor: XEN_SYSCTL_PHYSCAP_*
 *       32     4  arch_capabilities  monitor
 *       40     8  total_pages        monitor
 *       48     8  free_pages         monitor
 *       56     8  scrub_pages        monitor
 *       64     8  outstanding_pages  monitor: claimed
 *       72     8  max_mfn            monitor
 *       80    32  hw_cap[8]          monitor: processor features
 * </pre>
 */
public final class XenSysctlPhysinfo {
    /** Bytes of the structure. */
    public static final int SIZE = 112;

    public static final long THREADS_PER_CORE = 0;
    public static final long CORES_PER_SOCKET = 4;
    public static final long NR_CPUS = 8;
    public static final long MAX_CPU_ID = 12;
    public static final long NR_NODES = 16;
    public static final long MAX_NODE_ID = 20;
    public static final long CPU_KHZ = 24;
    public static final long CAPABILITIES = 28;
    public static final long ARCH_CAPABILITIES = 32;
    public static final long TOTAL_PAGES = 40;
    public static final long FREE_PAGES = 48;
    public static final long SCRUB_PAGES = 56;
    public static final long OUTSTANDING_PAGES = 64;
    public static final long MAX_MFN = 72;
    public static final long HW_CAP = 80;

    private XenSysctlPhysinfo() {}

    public static int threadsPerCore(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + THREADS_PER_CORE);
    }

    public static void threadsPerCore(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + THREADS_PER_CORE, value);
    }

    public static int coresPerSocket(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + CORES_PER_SOCKET);
    }

    public static void coresPerSocket(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + CORES_PER_SOCKET, value);
    }

    public static int nrCpus(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + NR_CPUS);
    }

    public static void nrCpus(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + NR_CPUS, value);
    }

    public static int maxCpuId(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + MAX_CPU_ID);
    }

    public static void maxCpuId(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + MAX_CPU_ID, value);
    }

    public static int nrNodes(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + NR_NODES);
    }

    public static void nrNodes(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + NR_NODES, value);
    }

    public static int maxNodeId(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + MAX_NODE_ID);
    }

    public static void maxNodeId(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + MAX_NODE_ID, value);
    }

    public static int cpuKhz(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + CPU_KHZ);
    }

    public static void cpuKhz(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + CPU_KHZ, value);
    }

    public static int capabilities(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + CAPABILITIES);
    }

    public static void capabilities(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + CAPABILITIES, value);
    }

    public static int archCapabilities(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + ARCH_CAPABILITIES);
    }

    public static void archCapabilities(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + ARCH_CAPABILITIES, value);
    }

    public static long totalPages(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + TOTAL_PAGES);
    }

    public static void totalPages(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + TOTAL_PAGES, value);
    }

    public static long freePages(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + FREE_PAGES);
    }

    public static void freePages(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + FREE_PAGES, value);
    }

    public static long scrubPages(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + SCRUB_PAGES);
    }

    public static void scrubPages(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + SCRUB_PAGES, value);
    }

    public static long outstandingPages(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + OUTSTANDING_PAGES);
    }

    public static void outstandingPages(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + OUTSTANDING_PAGES, value);
    }

    public static long maxMfn(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + MAX_MFN);
    }

    public static void maxMfn(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + MAX_MFN, value);
    }

    public static int hwCap(MemorySegment memory, long at, int index) {
        return memory.get(JAVA_INT_UNALIGNED, at + HW_CAP + (long) index * 4);
    }

    public static void hwCap(MemorySegment memory, long at, int index, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + HW_CAP + (long) index * 4, value);
    }
}
