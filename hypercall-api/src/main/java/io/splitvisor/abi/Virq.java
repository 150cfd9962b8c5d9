// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

/** Virtual interrupts (xen.h, {@code VIRQ_*}). */
public final class Virq {
    /** Per vCPU: timebase update, or the requested timeout. */
    public static final int TIMER = 0;
    /** Per vCPU: asks the guest to dump its state. */
    public static final int DEBUG = 1;
    /** Global, Dom0: bytes arrived on the emergency console. */
    public static final int CONSOLE = 2;
    /** Global, Dom0: a domain died, shut down or crashed. */
    public static final int DOM_EXC = 3;
    /** Global, Dom0: the trace buffer has records. */
    public static final int TBUF = 4;
    /** Global, Dom0: a domain paused for debugging. */
    public static final int DEBUGGER = 6;
    /** Per vCPU: profiling samples. */
    public static final int XENOPROF = 7;
    /** Global, Dom0: bytes arrived on the console ring. */
    public static final int CON_RING = 8;
    /** Global, Dom0: a physical CPU changed its state. */
    public static final int PCPU_STATE = 9;
    /** Global, Dom0: a memory event. */
    public static final int MEM_EVENT = 10;
    /** Global: an Argo message notification. */
    public static final int ARGO = 11;
    /** Global, Dom0: low on heap memory. */
    public static final int ENOMEM = 12;
    /** Per vCPU: performance counter interrupt. */
    public static final int XENPMU = 13;

    public static final int ARCH_0 = 16;
    public static final int ARCH_1 = 17;
    public static final int ARCH_2 = 18;
    public static final int ARCH_3 = 19;
    public static final int ARCH_4 = 20;
    public static final int ARCH_5 = 21;
    public static final int ARCH_6 = 22;
    public static final int ARCH_7 = 23;
    /** Virtual interrupts are numbered below this. */
    public static final int NR_VIRQS = 24;

    private Virq() {}

    /** Xen's name, such as "DOM_EXC"; "virq N" for a number that Xen does not define. */
    public static String nameOf(int virq) {
        return switch (virq) {
            case TIMER -> "TIMER";
            case DEBUG -> "DEBUG";
            case CONSOLE -> "CONSOLE";
            case DOM_EXC -> "DOM_EXC";
            case TBUF -> "TBUF";
            case DEBUGGER -> "DEBUGGER";
            case XENOPROF -> "XENOPROF";
            case CON_RING -> "CON_RING";
            case PCPU_STATE -> "PCPU_STATE";
            case MEM_EVENT -> "MEM_EVENT";
            case ARGO -> "ARGO";
            case ENOMEM -> "ENOMEM";
            case XENPMU -> "XENPMU";
            case ARCH_0 -> "ARCH_0";
            case ARCH_1 -> "ARCH_1";
            case ARCH_2 -> "ARCH_2";
            case ARCH_3 -> "ARCH_3";
            case ARCH_4 -> "ARCH_4";
            case ARCH_5 -> "ARCH_5";
            case ARCH_6 -> "ARCH_6";
            case ARCH_7 -> "ARCH_7";
            default -> "virq " + virq;
        };
    }
}
