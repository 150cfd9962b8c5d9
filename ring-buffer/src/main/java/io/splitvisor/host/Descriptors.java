// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.host;

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
        // Linux always frees the number, whatever close returns.
        Native.callInt(CLOSE, Native.state(), fd);
    }
}
