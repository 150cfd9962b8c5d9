// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.host;

import static io.splitvisor.host.Native.LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * A file or block device, read and written straight from and to mapped memory.
 *
 * <p>Data is named by address, not by {@link MemorySegment}, so that a transfer makes no object; the caller has checked
 * the range and keeps the mapping alive for the length of the call. Transfers return what the system call returns: bytes
 * moved (which may be fewer than asked for), or a negative errno, because an I/O error is an answer and not a surprise.
 */
public final class HostFile implements AutoCloseable {
    /** Open flags of Linux on x86-64 and aarch64 that are the same on both. */
    public enum Access {
        READ_ONLY(0),
        READ_WRITE(2);

        private final int flags;

        Access(int flags) {
            this.flags = flags;
        }
    }

    private static final int O_CLOEXEC = 0x80000;
    private static final int O_DIRECT = System.getProperty("os.arch").equals("amd64") ? 0x4000 : 0x10000;
    private static final int RWF_NOWAIT = 8;
    private static final int PUNCH_HOLE_KEEP_SIZE = 2 | 1;
    private static final long BLKGETSIZE64 = 0x80081272L;
    private static final long BLKSSZGET = 0x1268L;
    private static final long BLKDISCARD = 0x1277L;
    private static final int F_OFD_SETLK = 37;
    private static final int SEEK_END = 2;

    private static final MethodHandle OPEN = Native.linkWords("open");
    private static final MethodHandle PREAD = Native.linkWords("pread");
    private static final MethodHandle PWRITE = Native.linkWords("pwrite");
    private static final MethodHandle PREADV2 = Native.linkWords("preadv2");
    private static final MethodHandle PWRITEV = Native.linkWords("pwritev");
    private static final MethodHandle FDATASYNC = Native.linkWords("fdatasync");
    private static final MethodHandle FALLOCATE = Native.linkWords("fallocate");
    private static final MethodHandle LSEEK = Native.linkWords("lseek");
    private static final MethodHandle IOCTL = Native.linkWords("ioctl");
    private static final MethodHandle FCNTL = Native.linkWords("fcntl");

    /** struct iovec {void *iov_base; size_t iov_len;}. */
    public static final MemoryLayout IOVEC = MemoryLayout.structLayout(LONG.withName("base"), LONG.withName("len"));

    private final OwnedDescriptor fd;
    private final String path;
    private final boolean blockDevice;

    private HostFile(int fd, String path) {
        this.fd = new OwnedDescriptor(fd);
        this.path = path;
        this.blockDevice = ioctlLong(BLKGETSIZE64) >= 0;
    }

    /**
     * Opens an existing file or block device.
     *
     * @param direct whether to pass the page cache by (O_DIRECT)
     * @throws HostException with the errno of open(2)
     */
    public static HostFile open(String path, Access access, boolean direct) {
        MemorySegment state = Native.state();
        try (Arena scratch = Arena.ofConfined()) {
            int flags = access.flags | O_CLOEXEC | (direct ? O_DIRECT : 0);
            int fd = Native.callInt(OPEN, state, scratch.allocateFrom(path).address(), flags);
            if (fd < 0) {
                throw Native.failure("open " + path, state);
            }
            return new HostFile(fd, path);
        }
    }

    /** The descriptor; stays owned by this object; -1 after {@link #close}. */
    public int fd() {
        return fd.number();
    }

    /** The path it was opened by. */
    public String path() {
        return path;
    }

    /** Size in bytes, of a block device too. */
    public long size() {
        MemorySegment state = Native.state();
        long end = Native.call(LSEEK, state, fd.number(), 0, SEEK_END);
        if (end < 0) {
            throw Native.failure("lseek " + path, state);
        }
        return end;
    }

    /** Whether this is a block device. */
    public boolean isBlockDevice() {
        return blockDevice;
    }

    /** A block device's logical sector size in bytes; 512 for a regular file. */
    public int sectorSize() {
        long value = ioctlLong(BLKSSZGET);
        return value < 0 ? 512 : (int) value;
    }

    private long ioctlLong(long request) {
        MemorySegment state = Native.state();
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment out = scratch.allocate(LONG);
            int result = Native.callInt(IOCTL, state, fd.number(), request, out.address());
            return result < 0 ? -Native.errno(state) : out.get(LONG, 0);
        }
    }

    /** pread(2): bytes read, 0 at the end of the file, or a negative errno. */
    public long read(long address, long bytes, long offset) {
        MemorySegment state = Native.state();
        try {
            long result = (long) PREAD.invokeExact(state, (long) fd.number(), address, bytes, offset, 0L, 0L);
            return result < 0 ? -Native.errno(state) : result;
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /** pwrite(2): bytes written, or a negative errno. */
    public long write(long address, long bytes, long offset) {
        MemorySegment state = Native.state();
        try {
            long result = (long) PWRITE.invokeExact(state, (long) fd.number(), address, bytes, offset, 0L, 0L);
            return result < 0 ? -Native.errno(state) : result;
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /** preadv2(2) over an array of {@link #IOVEC}: bytes read, or a negative errno. */
    public long readVector(long iovecs, int count, long offset) {
        return readVector(iovecs, count, offset, 0);
    }

    /**
     * As {@link #readVector}, but only what is in the page cache: -EAGAIN where the call would wait for the device, and
     * -EOPNOTSUPP where the file system cannot tell.
     */
    public long readVectorNoWait(long iovecs, int count, long offset) {
        return readVector(iovecs, count, offset, RWF_NOWAIT);
    }

    private long readVector(long iovecs, int count, long offset, int flags) {
        MemorySegment state = Native.state();
        try {
            long result = (long)
                    PREADV2.invokeExact(state, (long) fd.number(), iovecs, (long) count, offset, (long) flags, 0L);
            return result < 0 ? -Native.errno(state) : result;
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /** pwritev(2) over an array of {@link #IOVEC}: bytes written, or a negative errno. */
    public long writeVector(long iovecs, int count, long offset) {
        MemorySegment state = Native.state();
        try {
            long result = (long) PWRITEV.invokeExact(state, (long) fd.number(), iovecs, (long) count, offset, 0L, 0L);
            return result < 0 ? -Native.errno(state) : result;
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /** fdatasync(2): 0 once everything written is on stable storage, or a negative errno. */
    public int sync() {
        MemorySegment state = Native.state();
        return Native.callInt(FDATASYNC, state, fd.number()) < 0 ? -Native.errno(state) : 0;
    }

    /**
     * Frees a range: a hole in a file, which reads as zero afterwards; BLKDISCARD on a device, where what is read
     * afterwards is the device's choice. 0 or a negative errno.
     */
    public int discard(long offset, long bytes) {
        MemorySegment state = Native.state();
        try (Arena scratch = Arena.ofConfined()) {
            int result;
            if (blockDevice) {
                MemorySegment range = scratch.allocate(LONG, 2);
                range.setAtIndex(LONG, 0, offset);
                range.setAtIndex(LONG, 1, bytes);
                result = Native.callInt(IOCTL, state, fd.number(), BLKDISCARD, range.address());
            } else {
                result = Native.callInt(FALLOCATE, state, fd.number(), PUNCH_HOLE_KEEP_SIZE, offset, bytes);
            }
            return result < 0 ? -Native.errno(state) : 0;
        }
    }

    /**
     * Takes an open-file-description lock on the whole file, which no other opener can then take: shared for readers,
     * exclusive for a writer (which must have been opened {@link Access#READ_WRITE}). Released when the descriptor is
     * closed.
     *
     * @return whether it was granted
     */
    public boolean tryLock(boolean exclusive) {
        MemorySegment state = Native.state();
        try (Arena scratch = Arena.ofConfined()) {
            // struct flock: short l_type (F_RDLCK 0, F_WRLCK 1), short l_whence, long l_start, long l_len, pid
            MemorySegment flock = scratch.allocate(32, 8);
            flock.set(ValueLayout.JAVA_SHORT, 0, (short) (exclusive ? 1 : 0));
            int result = Native.callInt(FCNTL, state, fd.number(), F_OFD_SETLK, flock.address());
            if (result < 0) {
                int errno = Native.errno(state);
                if (errno == Errno.EAGAIN || errno == Errno.EACCES) {
                    return false;
                }
                throw new HostException("lock " + path, errno);
            }
            return true;
        }
    }

    /** Closes the descriptor. Idempotent; transfers afterwards answer -EBADF. */
    @Override
    public void close() {
        fd.close();
    }
}
