// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.evtchn;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * A port that a domain's vCPUs send to {@code vcpu}. {@code struct evtchn_bind_ipi} in event_channel.h.
 *
 * <pre>
 *   offset  size  field  written by
 *        0     4  vcpu   caller: who receives
 *        4     4  port   monitor: the new port
 * </pre>
 */
public final class EvtchnBindIpi {
    /** Bytes of the structure. */
    public static final int SIZE = 8;

    public static final long VCPU = 0;
    public static final long PORT = 4;

    private EvtchnBindIpi() {}

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
