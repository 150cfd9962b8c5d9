// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

/** Operations of {@code hvm_op} (xen/include/public/hvm/hvm_op.h), without altp2m's. */
public final class HvmOp {
    public static final int SET_PARAM = 0;
    public static final int GET_PARAM = 1;
    public static final int FLUSH_TLBS = 5;
    public static final int PAGETABLE_DYING = 9;
    public static final int GET_TIME = 10;
    public static final int XENTRACE = 11;
    public static final int SET_MEM_ACCESS = 12;
    public static final int GET_MEM_ACCESS = 13;
    public static final int GET_MEM_TYPE = 15;
    public static final int SET_EVTCHN_UPCALL_VECTOR = 23;
    public static final int GUEST_REQUEST_VM_EVENT = 24;
    public static final int ALTP2M = 25;

    private HvmOp() {}

    /** Xen's name, such as "set_param"; "hvm_op N" for a number that Xen does not define. */
    public static String nameOf(int op) {
        return switch (op) {
            case SET_PARAM -> "set_param";
            case GET_PARAM -> "get_param";
            case FLUSH_TLBS -> "flush_tlbs";
            case PAGETABLE_DYING -> "pagetable_dying";
            case GET_TIME -> "get_time";
            case XENTRACE -> "xentrace";
            case SET_MEM_ACCESS -> "set_mem_access";
            case GET_MEM_ACCESS -> "get_mem_access";
            case GET_MEM_TYPE -> "get_mem_type";
            case SET_EVTCHN_UPCALL_VECTOR -> "set_evtchn_upcall_vector";
            case GUEST_REQUEST_VM_EVENT -> "guest_request_vm_event";
            case ALTP2M -> "altp2m";
            default -> "hvm_op " + op;
        };
    }
}
