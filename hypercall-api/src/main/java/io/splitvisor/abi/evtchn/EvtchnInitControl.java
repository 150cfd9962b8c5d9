// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.evtchn;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Switches to the FIFO ABI with a vCPU's control block. {@code struct evtchn_init_control} in event_channel.h.
 *
 * <pre>
 *   offset  size  field        written by
 *        0     8  control_gfn  caller: guest frame of the control block
 *        8     4  offset       caller: where in the frame, a multiple of 8
 *       12     4  vcpu         caller
 *       16     1  link_bits    monitor: bits of a link
 *       17     7  _pad[7]      nobody
 * </pre>
 */
public final class EvtchnInitControl {
    /** Bytes of the structure. */
    public static final int SIZE = 24;

    public static final long CONTROL_GFN = 0;
    public static final long OFFSET = 8;
    public static final long VCPU = 12;
    public static final long LINK_BITS = 16;

    private EvtchnInitControl() {}

    public static long controlGfn(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + CONTROL_GFN);
    }

    public static void controlGfn(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + CONTROL_GFN, value);
    }

    public static int offset(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + OFFSET);
    }

    public static void offset(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + OFFSET, value);
    }

    public static int vcpu(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + VCPU);
    }

    public static void vcpu(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + VCPU, value);
    }

    public static int linkBits(MemorySegment memory, long at) {
        return Byte.toUnsignedInt(memory.get(JAVA_BYTE, at + LINK_BITS));
    }

    public static void linkBits(MemorySegment memory, long at, int value) {
        memory.set(JAVA_BYTE, at + LINK_BITS, (byte) value);
    }
}
