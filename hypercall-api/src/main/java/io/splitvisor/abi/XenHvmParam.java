// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Argument of HVMOP_set_param and HVMOP_get_param. {@code struct xen_hvm_param} in hvm/hvm_op.h.
 *
 * <pre>
 *   offset  size  field  written by
 *        0     2  domid  caller: the domain, or DOMID_SELF
 *        2     2  pad    nobody
 *        4     4  index  caller: an HVM_PARAM_* number
 *        8     8  value  caller to set, monitor to get
 * </pre>
 */
public final class XenHvmParam {
    /** Bytes of the structure. */
    public static final int SIZE = 16;

    public static final long DOMID = 0;
    public static final long INDEX = 4;
    public static final long VALUE = 8;

    private XenHvmParam() {}

    public static int domid(MemorySegment memory, long at) {
        return Short.toUnsignedInt(memory.get(JAVA_SHORT_UNALIGNED, at + DOMID));
    }

    public static void domid(MemorySegment memory, long at, int value) {
        memory.set(JAVA_SHORT_UNALIGNED, at + DOMID, (short) value);
    }

    public static int index(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + INDEX);
    }

    public static void index(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + INDEX, value);
    }

    public static long value(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + VALUE);
    }

    public static void value(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + VALUE, value);
    }
}
