// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

/** Operations of {@code sysctl} (xen/include/public/sysctl.h). */
public final class Sysctl {
    /** What a caller has to state. */
    public static final int INTERFACE_VERSION = 21;

    public static final int READCONSOLE = 1;
    public static final int TBUF_OP = 2;
    public static final int PHYSINFO = 3;
    public static final int SCHED_ID = 4;
    public static final int PERFC_OP = 5;
    public static final int GETDOMAININFOLIST = 6;
    public static final int DEBUG_KEYS = 7;
    public static final int GETCPUINFO = 8;
    public static final int AVAILHEAP = 9;
    public static final int GET_PMSTAT = 10;
    public static final int CPU_HOTPLUG = 11;
    public static final int PM_OP = 12;
    public static final int PAGE_OFFLINE_OP = 14;
    public static final int LOCKPROF_OP = 15;
    public static final int CPUTOPOINFO = 16;
    public static final int NUMAINFO = 17;
    public static final int CPUPOOL_OP = 18;
    public static final int SCHEDULER_OP = 19;
    public static final int COVERAGE_OP = 20;
    public static final int PSR_CMT_OP = 21;
    public static final int PCITOPOINFO = 22;
    public static final int PSR_ALLOC = 23;
    public static final int GET_CPU_LEVELLING_CAPS = 25;
    public static final int GET_CPU_FEATURESET = 26;
    public static final int LIVEPATCH_OP = 27;
    public static final int GET_CPU_POLICY = 29;

    private Sysctl() {}

    /** Xen's name, such as "readconsole"; "sysctl N" for a number that Xen does not define. */
    public static String nameOf(int op) {
        return switch (op) {
            case READCONSOLE -> "readconsole";
            case TBUF_OP -> "tbuf_op";
            case PHYSINFO -> "physinfo";
            case SCHED_ID -> "sched_id";
            case PERFC_OP -> "perfc_op";
            case GETDOMAININFOLIST -> "getdomaininfolist";
            case DEBUG_KEYS -> "debug_keys";
            case GETCPUINFO -> "getcpuinfo";
            case AVAILHEAP -> "availheap";
            case GET_PMSTAT -> "get_pmstat";
            case CPU_HOTPLUG -> "cpu_hotplug";
            case PM_OP -> "pm_op";
            case PAGE_OFFLINE_OP -> "page_offline_op";
            case LOCKPROF_OP -> "lockprof_op";
            case CPUTOPOINFO -> "cputopoinfo";
            case NUMAINFO -> "numainfo";
            case CPUPOOL_OP -> "cpupool_op";
            case SCHEDULER_OP -> "scheduler_op";
            case COVERAGE_OP -> "coverage_op";
            case PSR_CMT_OP -> "psr_cmt_op";
            case PCITOPOINFO -> "pcitopoinfo";
            case PSR_ALLOC -> "psr_alloc";
            case GET_CPU_LEVELLING_CAPS -> "get_cpu_levelling_caps";
            case GET_CPU_FEATURESET -> "get_cpu_featureset";
            case LIVEPATCH_OP -> "livepatch_op";
            case GET_CPU_POLICY -> "get_cpu_policy";
            default -> "sysctl " + op;
        };
    }
}
