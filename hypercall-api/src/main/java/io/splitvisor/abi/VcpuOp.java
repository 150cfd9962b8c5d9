// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

/** Operations of {@code vcpu_op} (xen/include/public/vcpu.h). */
public final class VcpuOp {
    public static final int INITIALISE = 0;
    public static final int UP = 1;
    public static final int DOWN = 2;
    public static final int IS_UP = 3;
    public static final int GET_RUNSTATE_INFO = 4;
    public static final int REGISTER_RUNSTATE_MEMORY_AREA = 5;
    public static final int SET_PERIODIC_TIMER = 6;
    public static final int STOP_PERIODIC_TIMER = 7;
    public static final int SET_SINGLESHOT_TIMER = 8;
    public static final int STOP_SINGLESHOT_TIMER = 9;
    public static final int REGISTER_VCPU_INFO = 10;
    public static final int SEND_NMI = 11;
    public static final int GET_PHYSID = 12;
    public static final int REGISTER_VCPU_TIME_MEMORY_AREA = 13;

    private VcpuOp() {}

    /** Xen's name, such as "register_vcpu_info"; "vcpu_op N" for a number that Xen does not define. */
    public static String nameOf(int op) {
        return switch (op) {
            case INITIALISE -> "initialise";
            case UP -> "up";
            case DOWN -> "down";
            case IS_UP -> "is_up";
            case GET_RUNSTATE_INFO -> "get_runstate_info";
            case REGISTER_RUNSTATE_MEMORY_AREA -> "register_runstate_memory_area";
            case SET_PERIODIC_TIMER -> "set_periodic_timer";
            case STOP_PERIODIC_TIMER -> "stop_periodic_timer";
            case SET_SINGLESHOT_TIMER -> "set_singleshot_timer";
            case STOP_SINGLESHOT_TIMER -> "stop_singleshot_timer";
            case REGISTER_VCPU_INFO -> "register_vcpu_info";
            case SEND_NMI -> "send_nmi";
            case GET_PHYSID -> "get_physid";
            case REGISTER_VCPU_TIME_MEMORY_AREA -> "register_vcpu_time_memory_area";
            default -> "vcpu_op " + op;
        };
    }
}
