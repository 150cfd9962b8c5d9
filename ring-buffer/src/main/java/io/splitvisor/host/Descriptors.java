// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.host;

import static io.splitvisor.host.Native.INT;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** Plain file descriptor calls. */
public final class Descriptors {
    private static final MethodHandle CLOSE = Native.link("close", INT, INT);

    private Descriptors() {}

    /**
     * Closes a descriptor. A second close of the same number is the caller's bug and not detected: it may hit somebody
     * else's.
     */
    public static void close(int fd) {
        MemorySegment state = Native.state();
        try {
            // Linux always frees the number, whatever close returns.
            int ignored = (int) CLOSE.invokeExact(state, fd);
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }
}
