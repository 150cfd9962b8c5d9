// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.evtchn;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Chooses the vCPU that a port notifies. {@code struct evtchn_bind_vcpu} in event_channel.h.
 *
 * <pre>
 *   offset  size  field  written by
 *        0     4  port   caller
 *        4     4  vcpu   caller
 * </pre>
 */
public final class EvtchnBindVcpu {
    /** Bytes of the structure. */
    public static final int SIZE = 8;

    public static final long PORT = 0;
    public static final long VCPU = 4;

    private EvtchnBindVcpu() {}

    public static int port(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + PORT);
    }

    public static void port(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + PORT, value);
    }

    public static int vcpu(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + VCPU);
    }

    public static void vcpu(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + VCPU, value);
    }
}
