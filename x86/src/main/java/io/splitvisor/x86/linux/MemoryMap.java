// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.linux;

import io.splitvisor.host.RawSyscall;
import io.splitvisor.x86.memory.AddressSpace;
import io.splitvisor.x86.memory.AddressSpace.Area;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/** A program's mappings as text, which it knows as /proc/self/maps: C libraries look for their stack there. */
final class MemoryMap {
    /** The name. */
    static final String NAME = "/proc/self/maps";

    private static final int SYS_PWRITE64 = 18;
    private static final int SYS_MEMFD_CREATE = 319;
    private static final int MFD_CLOEXEC = 1;

    private MemoryMap() {}

    /** A descriptor of the host's with the text of this moment, or a negative errno. */
    static long open(Task t) {
        byte[] text = text(t.memory().space()).getBytes(StandardCharsets.ISO_8859_1);
        try (Arena arena = Arena.ofConfined()) {
            long name = arena.allocateFrom("maps").address();
            long fd = RawSyscall.call(SYS_MEMFD_CREATE, name, MFD_CLOEXEC, 0, 0, 0, 0);
            if (fd >= 0) {
                MemorySegment bytes = arena.allocateFrom(java.lang.foreign.ValueLayout.JAVA_BYTE, text);
                RawSyscall.call(SYS_PWRITE64, fd, bytes.address(), text.length, 0, 0, 0);
            }
            return fd;
        }
    }

    /** As proc(5) describes it, without the files' names. */
    private static String text(AddressSpace space) {
        StringBuilder text = new StringBuilder();
        for (Area area : space.areas()) {
            text.append("%08x-%08x %c%c%c%c 00000000 00:00 0 \n"
                    .formatted(
                            area.start(),
                            area.end(),
                            right(area, AddressSpace.READ, 'r'),
                            right(area, AddressSpace.WRITE, 'w'),
                            right(area, AddressSpace.EXECUTE, 'x'),
                            area.shared() ? 's' : 'p'));
        }
        return text.toString();
    }

    private static char right(Area area, int right, char letter) {
        return (area.rights() & right) != 0 ? letter : '-';
    }
}
