// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * One word of the feature map. {@code struct xen_feature_info} in version.h.
 *
 * <pre>
 *   offset  size  field       written by
 *        0     4  submap_idx  caller: which word
 *        4     4  submap      monitor: XENFEAT_* bits
 * </pre>
 */
public final class XenFeatureInfo {
    /** Bytes of the structure. */
    public static final int SIZE = 8;

    public static final long SUBMAP_IDX = 0;
    public static final long SUBMAP = 4;

    private XenFeatureInfo() {}

    public static int submapIdx(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + SUBMAP_IDX);
    }

    public static void submapIdx(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + SUBMAP_IDX, value);
    }

    public static int submap(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + SUBMAP);
    }

    public static void submap(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + SUBMAP, value);
    }
}
