// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.host;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** Plain file descriptor calls. */
public final class Descriptors {
    private static final MethodHandle CLOSE = Native.linkWords("close");

    private Descriptors() {}

    /**
     * Closes a descriptor. A second close of the same number is the caller's bug and not detected: it may hit somebody
     * else's.
     */
    public static void close(int fd) {
        MemorySegment state = Native.state();
        try {
            // Linux always frees the number, whatever close returns.
            long ignored = (long) CLOSE.invokeExact(state, (long) fd, 0L, 0L, 0L, 0L, 0L);
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }
}
