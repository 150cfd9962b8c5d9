// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.host;

import static io.splitvisor.host.Native.LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** Adds any number to an eventfd's counter, which the product never does. */
final class EventFdCounter {
    private static final MethodHandle WRITE = Native.linkWords("write");

    private EventFdCounter() {}

    static void add(int fd, long count) {
        MemorySegment state = Native.state();
        try (Arena scratch = Arena.ofConfined()) {
            if (Native.call(WRITE, state, fd, scratch.allocateFrom(LONG, count).address(), 8) != 8) {
                throw Native.failure("write", state);
            }
        }
    }
}
