// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.linux;

import io.splitvisor.host.Errno;
import io.splitvisor.host.RawSyscall;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The kernel's times: struct timespec, struct timeval. */
final class Times {
    static final long SECOND = 1_000_000_000L;
    static final int TIMESPEC_BYTES = 16;

    private static final int SYS_CLOCK_GETTIME = 228;
    private static final long LONGEST = Long.MAX_VALUE / SECOND / 4;

    private Times() {}

    /** A struct timespec in nanoseconds. */
    static long nanoseconds(UserMemory m, long at) {
        return sum(m.getLong(at), m.getLong(at + 8), 1);
    }

    /** A struct timeval in nanoseconds. */
    static long fromTimeval(UserMemory m, long at) {
        return sum(m.getLong(at), m.getLong(at + 8), 1000);
    }

    private static long sum(long seconds, long parts, long unit) {
        if (seconds < 0 || parts < 0 || parts * unit >= SECOND) {
            throw new Refused(Errno.EINVAL);
        }
        return Math.min(seconds, LONGEST) * SECOND + parts * unit;
    }

    /** A clock of the host's, in nanoseconds. */
    static long now(long clock) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(TIMESPEC_BYTES, 8);
            long result = RawSyscall.call(SYS_CLOCK_GETTIME, clock, out.address(), 0, 0, 0, 0);
            if (result < 0) {
                throw new Refused((int) -result);
            }
            return out.get(ValueLayout.JAVA_LONG, 0) * SECOND + out.get(ValueLayout.JAVA_LONG, 8);
        }
    }

    static void putTimespec(UserMemory m, long at, long nanoseconds) {
        m.putLong(at, nanoseconds / SECOND);
        m.putLong(at + 8, nanoseconds % SECOND);
    }
}
