// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Why another domain is to count as shut down. {@code struct sched_remote_shutdown} in sched.h.
 *
 * <pre>
 *   offset  size  field      written by
 *        0     2  domain_id  caller
 *        4     4  reason     caller: a SHUTDOWN_* number
 * </pre>
 */
public final class SchedRemoteShutdown {
    /** Bytes of the structure. */
    public static final int SIZE = 8;

    public static final long DOMAIN_ID = 0;
    public static final long REASON = 4;

    private SchedRemoteShutdown() {}

    public static int domainId(MemorySegment memory, long at) {
        return Short.toUnsignedInt(memory.get(JAVA_SHORT_UNALIGNED, at + DOMAIN_ID));
    }

    public static void domainId(MemorySegment memory, long at, int value) {
        memory.set(JAVA_SHORT_UNALIGNED, at + DOMAIN_ID, (short) value);
    }

    public static int reason(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + REASON);
    }

    public static void reason(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + REASON, value);
    }
}
