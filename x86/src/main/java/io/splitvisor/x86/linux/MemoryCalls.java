// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.linux;

import static io.splitvisor.x86.linux.ProgramLoader.pageUp;
import static io.splitvisor.x86.memory.AddressSpace.EXECUTE;
import static io.splitvisor.x86.memory.AddressSpace.PAGE;
import static io.splitvisor.x86.memory.AddressSpace.READ;
import static io.splitvisor.x86.memory.AddressSpace.WRITE;

import io.splitvisor.host.Errno;
import io.splitvisor.host.HostException;
import io.splitvisor.host.RawSyscall;
import io.splitvisor.x86.memory.AddressSpace;
import java.lang.foreign.MemorySegment;

/** Calls that change what is mapped. */
final class MemoryCalls {
    private static final int SYS_MMAP = 9;
    private static final int SYS_MPROTECT = 10;
    private static final int SYS_MUNMAP = 11;
    private static final int SYS_BRK = 12;
    private static final int SYS_PREAD64 = 17;
    private static final int SYS_MREMAP = 25;
    private static final int SYS_MSYNC = 26;
    private static final int SYS_MADVISE = 28;
    private static final int SYS_MLOCK = 149;
    private static final int SYS_MUNLOCK = 150;

    private static final int MAP_SHARED = 1;
    private static final int MAP_TYPE = 0xf;
    private static final int MAP_FIXED = 0x10;
    private static final int MAP_ANONYMOUS = 0x20;
    private static final int MAP_32BIT = 0x40;
    private static final int MAP_FIXED_NOREPLACE = 0x10_0000;
    private static final int RIGHTS = READ | WRITE | EXECUTE;
    private static final long LOW_2G = 0x8000_0000L;

    private static final int MREMAP_MAYMOVE = 1;
    private static final int MREMAP_FIXED = 2;
    private static final int MADV_DONTNEED = 4;

    private MemoryCalls() {}

    static void addTo(Handler[] h) {
        h[SYS_MMAP] = MemoryCalls::mmap;
        h[SYS_MPROTECT] = MemoryCalls::mprotect;
        h[SYS_MUNMAP] = MemoryCalls::munmap;
        h[SYS_BRK] = (t, a) -> t.process().heap().moveEnd(t.memory().space(), a[0]);
        h[SYS_MREMAP] = MemoryCalls::mremap;
        h[SYS_MADVISE] = MemoryCalls::madvise;
        // Nothing is paged out, and stores to shared files are the files'.
        h[SYS_MSYNC] = (t, a) -> 0;
        h[SYS_MLOCK] = (t, a) -> 0;
        h[SYS_MUNLOCK] = (t, a) -> 0;
    }

    /** A size in whole pages; what has none, or is beyond all memory, is refused. */
    private static long size(Task t, long bytes, int errno) {
        if (bytes <= 0 || bytes > t.memory().space().limit()) {
            throw new Refused(errno);
        }
        return pageUp(bytes);
    }

    private static void requirePage(long address) {
        if ((address & PAGE - 1) != 0) {
            throw new Refused(Errno.EINVAL);
        }
    }

    /** Whether a range that the program names lies in its memory. */
    private static boolean inside(AddressSpace space, long start, long size) {
        return start >= AddressSpace.LOWEST && start <= space.limit() && size <= space.limit() - start;
    }

    private static long mmap(Task t, long[] a) {
        AddressSpace space = t.memory().space();
        if (a[1] == 0) {
            return -Errno.EINVAL;
        }
        long size = size(t, a[1], Errno.ENOMEM);
        int flags = (int) a[3];
        boolean anonymous = (flags & MAP_ANONYMOUS) != 0;
        requirePage(a[5]);
        int hostFd = anonymous ? -1 : t.process().fds().host(a[4]);
        synchronized (space) {
            long at = place(t, space, a[0], size, flags);
            int rights = (int) a[2] & RIGHTS;
            try {
                if (anonymous) {
                    space.map(at, size, rights);
                } else if ((flags & MAP_TYPE) == MAP_SHARED && FileKinds.isRegular(hostFd)) {
                    boolean writable = FileKinds.isOpenForWriting(hostFd);
                    if (!writable && (rights & WRITE) != 0) {
                        return -Errno.EACCES;
                    }
                    long backed = Math.clamp(pageUp(Math.max(0, FileKinds.size(hostFd) - a[5])), 0, size);
                    space.mapShared(at, size, rights, hostFd, writable, a[5], backed);
                } else {
                    copyFile(space, at, size, rights, hostFd, a[5]);
                }
            } catch (HostException e) {
                return -e.errno();
            }
            return at;
        }
    }

    private static long place(Task t, AddressSpace space, long wanted, long size, int flags) {
        if ((flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) != 0) {
            requirePage(wanted);
            if (!inside(space, wanted, size)) {
                throw new Refused(Errno.ENOMEM);
            }
            if ((flags & MAP_FIXED_NOREPLACE) != 0 && !space.isFree(wanted, size)) {
                throw new Refused(Errno.EEXIST);
            }
            return wanted;
        }
        long hint = wanted & -PAGE;
        if (hint != 0 && space.isFree(hint, size)) {
            return hint;
        }
        long below = (flags & MAP_32BIT) != 0
                ? Math.min(LOW_2G, t.process().heap().mappings())
                : t.process().heap().mappings();
        long at = space.find(size, below);
        if (at < 0) {
            throw new Refused(Errno.ENOMEM);
        }
        return at;
    }

    /** A private mapping is a copy: what others do to the file later is unspecified anyway, and cannot make it fault. */
    private static void copyFile(AddressSpace space, long at, long size, int rights, int hostFd, long offset) {
        space.map(at, size, rights);
        long done = 0;
        while (done < size) {
            long n = RawSyscall.call(
                    SYS_PREAD64, hostFd, space.hostAddress(at + done), size - done, offset + done, 0, 0);
            if (n < 0) {
                space.unmap(at, size);
                throw new Refused((int) (n == -Errno.ESPIPE ? Errno.ENODEV : -n));
            }
            if (n == 0) {
                break;
            }
            done += n;
        }
        space.wrote(at, size);
    }

    private static long mprotect(Task t, long[] a) {
        requirePage(a[0]);
        if (a[1] == 0) {
            return 0;
        }
        AddressSpace space = t.memory().space();
        long size = size(t, a[1], Errno.ENOMEM);
        int rights = (int) a[2] & RIGHTS;
        synchronized (space) {
            if (!inside(space, a[0], size)) {
                return -Errno.ENOMEM;
            }
            if ((rights & WRITE) != 0 && !space.mayBecomeWritable(a[0], a[0] + size)) {
                return -Errno.EACCES;
            }
            return space.protect(a[0], size, rights) ? 0 : -Errno.ENOMEM;
        }
    }

    private static long munmap(Task t, long[] a) {
        requirePage(a[0]);
        AddressSpace space = t.memory().space();
        long size = size(t, a[1], Errno.EINVAL);
        if (a[0] < 0 || a[0] > space.limit() - size) {
            return -Errno.EINVAL;
        }
        space.unmap(a[0], size);
        return 0;
    }

    private static long mremap(Task t, long[] a) {
        requirePage(a[0]);
        AddressSpace space = t.memory().space();
        long old = size(t, a[1], Errno.EINVAL);
        long size = size(t, a[2], Errno.EINVAL);
        synchronized (space) {
            AddressSpace.Area area = space.areaAt(a[0]);
            if (area == null || !space.isMapped(a[0], a[0] + old)) {
                return -Errno.EFAULT;
            }
            boolean fixed = (a[3] & MREMAP_FIXED) != 0;
            if (!fixed && size <= old) {
                if (size < old) {
                    space.unmap(a[0] + size, old - size);
                }
                return a[0];
            }
            if (area.shared()) {
                // Its file is not known any more: programs fall back to a new mapping.
                return -Errno.ENOMEM;
            }
            if (!fixed && space.isFree(a[0] + old, size - old)) {
                space.map(a[0] + old, size - old, area.rights());
                return a[0];
            }
            if ((a[3] & MREMAP_MAYMOVE) == 0) {
                return -Errno.ENOMEM;
            }
            return move(t, space, a, old, size, area.rights());
        }
    }

    private static long move(Task t, AddressSpace space, long[] a, long old, long size, int rights) {
        boolean fixed = (a[3] & MREMAP_FIXED) != 0;
        long to = place(t, space, fixed ? a[4] : 0, size, fixed ? MAP_FIXED : 0);
        if (to < a[0] + old && a[0] < to + size) {
            return -Errno.EINVAL;
        }
        space.map(to, size, rights);
        MemorySegment.copy(space.bytes(), a[0], space.bytes(), to, Math.min(old, size));
        space.unmap(a[0], old);
        return to;
    }

    private static long madvise(Task t, long[] a) {
        requirePage(a[0]);
        AddressSpace space = t.memory().space();
        if (a[2] == MADV_DONTNEED && a[1] != 0) {
            long size = size(t, a[1], Errno.EINVAL);
            if (!inside(space, a[0], size)) {
                return -Errno.ENOMEM;
            }
            space.discard(a[0], size);
        }
        return 0;
    }
}
