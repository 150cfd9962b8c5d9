// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.linux;

import io.splitvisor.host.RawSyscall;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** What kind of file a descriptor of the host's is. */
final class FileKinds {
    private static final int SYS_FSTAT = 5;
    private static final int SYS_FCNTL = 72;
    private static final int F_GETFL = 3;
    private static final int O_ACCMODE = 3;
    private static final int O_RDWR = 2;
    private static final int STAT_BYTES = 144;
    private static final int MODE = 24;
    private static final int SIZE = 48;
    private static final int KIND = 0xf000;
    private static final int REGULAR = 0x8000;
    private static final int FOLDER = 0x4000;
    private static final int BLOCK = 0x6000;

    private FileKinds() {}

    /** Whether a read may wait for somebody: pipes, terminals, sockets. */
    static boolean mayBlock(int hostFd) {
        int kind = (int) field(hostFd, MODE) & KIND;
        return kind != REGULAR && kind != FOLDER && kind != BLOCK;
    }

    /** Whether it is a file with a size. */
    static boolean isRegular(int hostFd) {
        return ((int) field(hostFd, MODE) & KIND) == REGULAR;
    }

    /** Whether it was opened for reading and writing, as a shared mapping that is written needs it. */
    static boolean isOpenForWriting(int hostFd) {
        return (RawSyscall.call(SYS_FCNTL, hostFd, F_GETFL, 0, 0, 0, 0) & O_ACCMODE) == O_RDWR;
    }

    /** Size in bytes, or a negative errno. */
    static long size(int hostFd) {
        return field(hostFd, SIZE);
    }

    private static long field(int hostFd, int at) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment stat = arena.allocate(STAT_BYTES, 8);
            long result = RawSyscall.call(SYS_FSTAT, hostFd, stat.address(), 0, 0, 0, 0);
            return result < 0 ? result : stat.get(ValueLayout.JAVA_LONG, at);
        }
    }
}
