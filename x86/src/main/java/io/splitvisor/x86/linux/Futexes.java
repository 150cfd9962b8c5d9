// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.linux;

import io.splitvisor.host.Errno;
import io.splitvisor.host.RawSyscall;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Futexes are the host's: the words lie in the host's memory, and other threads of the program wait on the same. */
final class Futexes {
    static final int SYS_FUTEX = 202;
    /** FUTEX_WAKE with FUTEX_PRIVATE_FLAG. */
    static final int WAKE = 129;

    private static final int FUTEX_WAIT = 0;
    private static final int FUTEX_WAKE = 1;
    private static final int FUTEX_REQUEUE = 3;
    private static final int FUTEX_CMP_REQUEUE = 4;
    private static final int FUTEX_WAKE_OP = 5;
    private static final int FUTEX_WAIT_BITSET = 9;
    private static final int FUTEX_WAKE_BITSET = 10;
    private static final int FUTEX_CLOCK_REALTIME = 0x100;
    private static final int COMMAND = 0x7f;
    /** How long a wait may last before signals are looked at. */
    private static final long SLICE_NANOSECONDS = 20_000_000;

    private static final long NEVER = -1;

    private Futexes() {}

    static long futex(Task t, long[] a) {
        long word = t.memory().out(a[0], 4);
        int command = (int) a[1] & COMMAND;
        return switch (command) {
            case FUTEX_WAKE, FUTEX_WAKE_BITSET -> RawSyscall.call(SYS_FUTEX, word, a[1], a[2], 0, 0, a[5]);
            case FUTEX_REQUEUE, FUTEX_CMP_REQUEUE, FUTEX_WAKE_OP ->
                RawSyscall.call(SYS_FUTEX, word, a[1], a[2], a[3], t.memory().out(a[4], 4), a[5]);
            case FUTEX_WAIT -> await(t, a, word, a[3] == 0 ? NEVER : time(t, a[3]), false);
            case FUTEX_WAIT_BITSET -> {
                boolean realTime = (a[1] & FUTEX_CLOCK_REALTIME) != 0;
                long until = a[3] == 0 ? NEVER : Math.max(0, time(t, a[3]) - Times.now(realTime ? 0 : 1));
                yield await(t, a, word, until, true);
            }
            default -> -Errno.ENOSYS;
        };
    }

    private static long time(Task t, long at) {
        return Times.nanoseconds(t.memory(), at);
    }

    /** In slices, for a signal cannot end the host's wait. */
    private static long await(Task t, long[] a, long word, long nanoseconds, boolean bits) {
        long start = System.nanoTime();
        long operation = FUTEX_WAIT_BITSET | a[1] & 0x80;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment until = arena.allocate(16, 8);
            while (true) {
                long left = nanoseconds == NEVER ? SLICE_NANOSECONDS : nanoseconds - (System.nanoTime() - start);
                long deadline = Times.now(1) + Math.clamp(left, 0, SLICE_NANOSECONDS);
                until.set(ValueLayout.JAVA_LONG, 0, deadline / Times.SECOND);
                until.set(ValueLayout.JAVA_LONG, 8, deadline % Times.SECOND);
                long result =
                        RawSyscall.call(SYS_FUTEX, word, operation, a[2], until.address(), 0, bits ? a[5] : -1L >>> 32);
                if (result != -Errno.ETIMEDOUT && result != -Errno.EINTR) {
                    return result;
                }
                if (t.ended() || (t.signals().pending() & ~t.signals().mask()) != 0) {
                    return -Task.ERESTART;
                }
                if (nanoseconds != NEVER && System.nanoTime() - start >= nanoseconds) {
                    return -Errno.ETIMEDOUT;
                }
            }
        }
    }
}
