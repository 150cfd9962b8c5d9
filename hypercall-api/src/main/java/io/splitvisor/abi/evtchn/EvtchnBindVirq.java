// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.evtchn;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * A port for a virtual interrupt. Global ones exist once per domain and start on vCPU 0. {@code struct
 * evtchn_bind_virq} in event_channel.h.
 *
 * <pre>
 *   offset  size  field  written by
 *        0     4  virq   caller: a VIRQ_* number
 *        4     4  vcpu   caller
 *        8     4  port   monitor: the new port
 * </pre>
 */
public final class EvtchnBindVirq {
    /** Bytes of the structure. */
    public static final int SIZE = 12;

    public static final long VIRQ = 0;
    public static final long VCPU = 4;
    public static final long PORT = 8;

    private EvtchnBindVirq() {}

    public static int virq(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + VIRQ);
    }

    public static void virq(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + VIRQ, value);
    }

    public static int vcpu(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + VCPU);
    }

    public static void vcpu(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + VCPU, value);
    }

    public static int port(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + PORT);
    }

    public static void port(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + PORT, value);
    }
}
