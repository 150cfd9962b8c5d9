// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.host;

import static io.splitvisor.host.Native.INT;
import static io.splitvisor.host.Native.LONG;
import static io.splitvisor.host.Native.POINTER;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** Adds any number to an eventfd's counter, which the product never does. */
final class EventFdCounter {
    private static final MethodHandle WRITE = Native.link("write", LONG, INT, POINTER, LONG);

    private EventFdCounter() {}

    static void add(int fd, long count) {
        MemorySegment state = Native.state();
        try (Arena scratch = Arena.ofConfined()) {
            long written = (long) WRITE.invokeExact(state, fd, scratch.allocateFrom(LONG, count), 8L);
            if (written != 8) {
                throw Native.failure("write", state);
            }
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }
}
