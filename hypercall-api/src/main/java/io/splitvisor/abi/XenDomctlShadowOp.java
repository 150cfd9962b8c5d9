// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * The memory of a domain's page tables, and the log of what it changes. {@code struct xen_domctl_shadow_op} in domctl.h.
 *
 * <pre>
 *   offset  size  field        written by
 *        0     4  op           caller: of {@link ShadowOp}
 *        4     4  mode         caller: for ENABLE; or flags
 *        8     4  mb           both: MiB of memory for tables
 *       16     8  dirty_bitmap caller: where the log goes, or 0
 *       24     8  pages        both: frames that the log has room for; that it holds
 *       32     8  stats        monitor: {@link XenDomctlShadowOpStats}
 * </pre>
 */
public final class XenDomctlShadowOp {
    /** Bytes of the structure. */
    public static final int SIZE = 40;

    public static final long OP = 0;
    public static final long MODE = 4;
    public static final long MB = 8;
    public static final long DIRTY_BITMAP = 16;
    public static final long PAGES = 24;
    public static final long STATS = 32;

    private XenDomctlShadowOp() {}

    public static int op(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + OP);
    }

    public static void op(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + OP, value);
    }

    public static int mode(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + MODE);
    }

    public static void mode(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + MODE, value);
    }

    public static int mb(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + MB);
    }

    public static void mb(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + MB, value);
    }

    public static long dirtyBitmap(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + DIRTY_BITMAP);
    }

    public static void dirtyBitmap(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + DIRTY_BITMAP, value);
    }

    public static long pages(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + PAGES);
    }

    public static void pages(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + PAGES, value);
    }

    /** Where the counts are. */
    public static long stats(long at) {
        return at + STATS;
    }
}
