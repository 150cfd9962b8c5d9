// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

/**
 * Operations of {@code memory_op} (xen/include/public/memory.h), without the paging, access and sharing families'
 * sub-operations.
 */
public final class MemoryOp {
    public static final int INCREASE_RESERVATION = 0;
    public static final int DECREASE_RESERVATION = 1;
    public static final int POPULATE_PHYSMAP = 6;
    public static final int EXCHANGE = 11;
    public static final int MAXIMUM_RAM_PAGE = 2;
    public static final int CURRENT_RESERVATION = 3;
    public static final int MAXIMUM_RESERVATION = 4;
    public static final int MAXIMUM_GPFN = 14;
    public static final int MACHPHYS_MFN_LIST = 5;
    public static final int MACHPHYS_COMPAT_MFN_LIST = 25;
    public static final int MACHPHYS_MAPPING = 12;
    public static final int ADD_TO_PHYSMAP = 7;
    public static final int ADD_TO_PHYSMAP_BATCH = 23;
    public static final int REMOVE_FROM_PHYSMAP = 15;
    public static final int MEMORY_MAP = 9;
    public static final int MACHINE_MEMORY_MAP = 10;
    public static final int SET_MEMORY_MAP = 13;
    public static final int SET_POD_TARGET = 16;
    public static final int GET_POD_TARGET = 17;
    public static final int GET_SHARING_FREED_PAGES = 18;
    public static final int GET_SHARING_SHARED_PAGES = 19;
    public static final int CLAIM_PAGES = 24;
    public static final int RESERVED_DEVICE_MEMORY_MAP = 27;
    public static final int ACQUIRE_RESOURCE = 28;
    public static final int GET_VNUMAINFO = 26;

    private MemoryOp() {}

    /** Xen's name, such as "populate_physmap"; "memory_op N" for a number that Xen does not define. */
    public static String nameOf(int op) {
        return switch (op) {
            case INCREASE_RESERVATION -> "increase_reservation";
            case DECREASE_RESERVATION -> "decrease_reservation";
            case POPULATE_PHYSMAP -> "populate_physmap";
            case EXCHANGE -> "exchange";
            case MAXIMUM_RAM_PAGE -> "maximum_ram_page";
            case CURRENT_RESERVATION -> "current_reservation";
            case MAXIMUM_RESERVATION -> "maximum_reservation";
            case MAXIMUM_GPFN -> "maximum_gpfn";
            case MACHPHYS_MFN_LIST -> "machphys_mfn_list";
            case MACHPHYS_COMPAT_MFN_LIST -> "machphys_compat_mfn_list";
            case MACHPHYS_MAPPING -> "machphys_mapping";
            case ADD_TO_PHYSMAP -> "add_to_physmap";
            case ADD_TO_PHYSMAP_BATCH -> "add_to_physmap_batch";
            case REMOVE_FROM_PHYSMAP -> "remove_from_physmap";
            case MEMORY_MAP -> "memory_map";
            case MACHINE_MEMORY_MAP -> "machine_memory_map";
            case SET_MEMORY_MAP -> "set_memory_map";
            case SET_POD_TARGET -> "set_pod_target";
            case GET_POD_TARGET -> "get_pod_target";
            case GET_SHARING_FREED_PAGES -> "get_sharing_freed_pages";
            case GET_SHARING_SHARED_PAGES -> "get_sharing_shared_pages";
            case CLAIM_PAGES -> "claim_pages";
            case RESERVED_DEVICE_MEMORY_MAP -> "reserved_device_memory_map";
            case ACQUIRE_RESOURCE -> "acquire_resource";
            case GET_VNUMAINFO -> "get_vnumainfo";
            default -> "memory_op " + op;
        };
    }
}
