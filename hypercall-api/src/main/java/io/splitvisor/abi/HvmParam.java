// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

/**
 * HVM parameters (xen/include/public/hvm/params.h): indices for {@code HVMOP_set_param} and {@code
 * HVMOP_get_param}.
 */
public final class HvmParam {
    public static final int PAE_ENABLED = 4;
    public static final int DM_DOMAIN = 13;
    public static final int MEMORY_EVENT_CR0 = 20;
    public static final int MEMORY_EVENT_CR3 = 21;
    public static final int MEMORY_EVENT_CR4 = 22;
    public static final int MEMORY_EVENT_INT3 = 23;
    public static final int NESTEDHVM = 24;
    public static final int MEMORY_EVENT_SINGLE_STEP = 25;
    public static final int BUFIOREQ_EVTCHN = 26;
    public static final int MEMORY_EVENT_MSR = 30;
    /** How event upcalls reach the guest: type in bits 63:56. */
    public static final int CALLBACK_IRQ = 0;
    /** Guest frame of the xenstore ring. */
    public static final int STORE_PFN = 1;
    /** Event channel of the xenstore ring. */
    public static final int STORE_EVTCHN = 2;

    public static final int IOREQ_PFN = 5;
    public static final int BUFIOREQ_PFN = 6;
    public static final int VIRIDIAN = 9;
    public static final int TIMER_MODE = 10;
    public static final int HPET_ENABLED = 11;
    public static final int IDENT_PT = 12;
    public static final int ACPI_S_STATE = 14;
    public static final int VM86_TSS = 15;
    public static final int VPT_ALIGN = 16;
    /** Guest frame of the console ring. */
    public static final int CONSOLE_PFN = 17;
    /** Event channel of the console ring. */
    public static final int CONSOLE_EVTCHN = 18;

    public static final int ACPI_IOPORTS_LOCATION = 19;
    public static final int PAGING_RING_PFN = 27;
    public static final int MONITOR_RING_PFN = 28;
    public static final int SHARING_RING_PFN = 29;
    public static final int TRIPLE_FAULT_REASON = 31;
    public static final int IOREQ_SERVER_PFN = 32;
    public static final int NR_IOREQ_SERVER_PAGES = 33;
    public static final int VM_GENERATION_ID_ADDR = 34;
    public static final int ALTP2M = 35;
    public static final int X87_FIP_WIDTH = 36;
    public static final int VM86_TSS_SIZED = 37;
    public static final int MCA_CAP = 38;
    /** The type in {@link #CALLBACK_IRQ}. */
    public static final long CALLBACK_IRQ_TYPE_MASK = 0xff00000000000000L;
    /** GSI number in bits 55:0. */
    public static final int CALLBACK_TYPE_GSI = 0;
    /** Domain 47:32, bus 31:16, devfn 15:8, INTx 1:0. */
    public static final int CALLBACK_TYPE_PCI_INTX = 1;
    /** Vector in bits 7:0. */
    public static final int CALLBACK_TYPE_VECTOR = 2;
    /** Parameters are numbered below this. */
    public static final int NR_PARAMS = 39;

    private HvmParam() {}

    /** Xen's name, such as "STORE_PFN"; "param N" for a number that Xen does not define. */
    public static String nameOf(int param) {
        return switch (param) {
            case PAE_ENABLED -> "PAE_ENABLED";
            case DM_DOMAIN -> "DM_DOMAIN";
            case MEMORY_EVENT_CR0 -> "MEMORY_EVENT_CR0";
            case MEMORY_EVENT_CR3 -> "MEMORY_EVENT_CR3";
            case MEMORY_EVENT_CR4 -> "MEMORY_EVENT_CR4";
            case MEMORY_EVENT_INT3 -> "MEMORY_EVENT_INT3";
            case NESTEDHVM -> "NESTEDHVM";
            case MEMORY_EVENT_SINGLE_STEP -> "MEMORY_EVENT_SINGLE_STEP";
            case BUFIOREQ_EVTCHN -> "BUFIOREQ_EVTCHN";
            case MEMORY_EVENT_MSR -> "MEMORY_EVENT_MSR";
            case CALLBACK_IRQ -> "CALLBACK_IRQ";
            case STORE_PFN -> "STORE_PFN";
            case STORE_EVTCHN -> "STORE_EVTCHN";
            case IOREQ_PFN -> "IOREQ_PFN";
            case BUFIOREQ_PFN -> "BUFIOREQ_PFN";
            case VIRIDIAN -> "VIRIDIAN";
            case TIMER_MODE -> "TIMER_MODE";
            case HPET_ENABLED -> "HPET_ENABLED";
            case IDENT_PT -> "IDENT_PT";
            case ACPI_S_STATE -> "ACPI_S_STATE";
            case VM86_TSS -> "VM86_TSS";
            case VPT_ALIGN -> "VPT_ALIGN";
            case CONSOLE_PFN -> "CONSOLE_PFN";
            case CONSOLE_EVTCHN -> "CONSOLE_EVTCHN";
            case ACPI_IOPORTS_LOCATION -> "ACPI_IOPORTS_LOCATION";
            case PAGING_RING_PFN -> "PAGING_RING_PFN";
            case MONITOR_RING_PFN -> "MONITOR_RING_PFN";
            case SHARING_RING_PFN -> "SHARING_RING_PFN";
            case TRIPLE_FAULT_REASON -> "TRIPLE_FAULT_REASON";
            case IOREQ_SERVER_PFN -> "IOREQ_SERVER_PFN";
            case NR_IOREQ_SERVER_PAGES -> "NR_IOREQ_SERVER_PAGES";
            case VM_GENERATION_ID_ADDR -> "VM_GENERATION_ID_ADDR";
            case ALTP2M -> "ALTP2M";
            case X87_FIP_WIDTH -> "X87_FIP_WIDTH";
            case VM86_TSS_SIZED -> "VM86_TSS_SIZED";
            case MCA_CAP -> "MCA_CAP";
            default -> "param " + param;
        };
    }
}
