// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.linux;

import io.splitvisor.host.RawSyscall;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** A program's own file, which it knows as /proc/self/exe. */
final class OwnImage {
    /** The name. */
    static final String NAME = "/proc/self/exe";

    private static final int SYS_OPENAT = 257;
    private static final int SYS_NEWFSTATAT = 262;
    private static final int O_CLOEXEC = 0x8_0000;
    private static final int STAT_BYTES = 144;

    private OwnImage() {}

    /** Its absolute path, without symbolic links, as far as it is still there. */
    static String path(Task t) {
        Path path = HostPaths.of(t.process().program().path());
        try {
            return HostPaths.bytes(path.toRealPath().toString());
        } catch (IOException _) {
            return HostPaths.bytes(path.toAbsolutePath().normalize().toString());
        }
    }

    /** openat and newfstatat. */
    static long call(Task t, int number, long[] a) {
        try (Arena arena = Arena.ofConfined()) {
            long path = arena.allocateFrom(path(t), StandardCharsets.ISO_8859_1).address();
            if (number == SYS_NEWFSTATAT) {
                long stat = t.memory().out(a[2], STAT_BYTES);
                return RawSyscall.call(number, Directory.AT_FDCWD, path, stat, a[3], 0, 0);
            }
            long fd = RawSyscall.call(SYS_OPENAT, Directory.AT_FDCWD, path, a[2] | O_CLOEXEC, a[3], 0, 0);
            return t.process().fds().install(fd, (a[2] & O_CLOEXEC) != 0);
        }
    }
}
