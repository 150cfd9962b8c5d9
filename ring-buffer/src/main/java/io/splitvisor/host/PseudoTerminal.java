// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.host;

import static io.splitvisor.host.Native.INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.ref.Reference;
import java.util.Objects;

/**
 * A terminal of the host's (pts(4)) with this process at its other end: what is written here is read by whoever opens
 * {@link #path}, and the other way round, byte by byte as it is (cfmakeraw(3)). Never blocks. One thread may read while another
 * writes; each direction is confined to one thread at a time.
 */
public final class PseudoTerminal implements AutoCloseable {
    private static final MethodHandle OPEN = Native.linkWords("open");
    private static final MethodHandle IOCTL = Native.linkWords("ioctl");
    private static final MethodHandle READ = Native.linkWords("read");
    private static final MethodHandle WRITE = Native.linkWords("write");

    /** O_RDWR, O_NOCTTY, O_CLOEXEC. */
    private static final long OPEN_FLAGS = 2 | 0x100 | 0x80000;

    private static final long O_NONBLOCK = 0x800;

    private static final long TIOCGPTN = 0x8004_5430L;
    private static final long TIOCSPTLCK = 0x4004_5431L;
    private static final long TCGETS = 0x5401;
    private static final long TCSETS = 0x5402;

    // struct termios of the kernel: c_iflag, c_oflag, c_cflag, c_lflag, c_line, c_cc[19].
    private static final long TERMIOS_BYTES = 36;
    private static final long IFLAG = 0;
    private static final long OFLAG = 4;
    private static final long CFLAG = 8;
    private static final long LFLAG = 12;
    private static final long VTIME = 17 + 5;
    private static final long VMIN = 17 + 6;

    /** IGNBRK, BRKINT, PARMRK, ISTRIP, INLCR, IGNCR, ICRNL, IXON. */
    private static final int COOKED_INPUT = 1 | 2 | 8 | 0x20 | 0x40 | 0x80 | 0x100 | 0x400;

    private static final int OPOST = 1;

    /** ECHO, ECHONL, ICANON, ISIG, IEXTEN. */
    private static final int COOKED_LINES = 8 | 0x40 | 2 | 1 | 0x8000;

    private static final int CSIZE_AND_PARENB = 0x30 | 0x100;
    private static final int CS8 = 0x30;

    private static final int BUFFER_BYTES = 4096;

    private final Arena arena = Arena.ofAuto();
    private final MemorySegment input = arena.allocate(BUFFER_BYTES);
    private final MemorySegment output = arena.allocate(BUFFER_BYTES);
    private final OwnedDescriptor master;

    /** Kept open, because without anybody at that end reading fails with EIO. */
    private final OwnedDescriptor slave;

    private final String path;

    /**
     * Makes one.
     *
     * @throws HostException if the system has none to give
     */
    public PseudoTerminal() {
        this.master = new OwnedDescriptor(open("/dev/ptmx", OPEN_FLAGS | O_NONBLOCK));
        OwnedDescriptor end = null;
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment number = scratch.allocate(INT);
            control(master, TIOCSPTLCK, number);
            control(master, TIOCGPTN, number);
            this.path = "/dev/pts/" + number.get(INT, 0);
            end = new OwnedDescriptor(open(path, OPEN_FLAGS));
            makeRaw(end, scratch.allocate(TERMIOS_BYTES, Integer.BYTES));
        } catch (HostException e) {
            if (end != null) {
                end.close();
            }
            master.close();
            throw e;
        }
        this.slave = end;
    }

    private static int open(String path, long flags) {
        MemorySegment state = Native.state();
        try (Arena scratch = Arena.ofConfined()) {
            int fd = Native.callInt(OPEN, state, scratch.allocateFrom(path).address(), flags);
            if (fd < 0) {
                throw Native.failure("open " + path, state);
            }
            return fd;
        }
    }

    private static void control(OwnedDescriptor fd, long request, MemorySegment argument) {
        MemorySegment state = Native.state();
        if (Native.callInt(IOCTL, state, fd.number(), request, argument.address()) != 0) {
            throw Native.failure("ioctl " + Long.toHexString(request) + " of a terminal", state);
        }
    }

    private static void makeRaw(OwnedDescriptor terminal, MemorySegment termios) {
        control(terminal, TCGETS, termios);
        termios.set(INT, IFLAG, termios.get(INT, IFLAG) & ~COOKED_INPUT);
        termios.set(INT, OFLAG, termios.get(INT, OFLAG) & ~OPOST);
        termios.set(INT, LFLAG, termios.get(INT, LFLAG) & ~COOKED_LINES);
        termios.set(INT, CFLAG, termios.get(INT, CFLAG) & ~CSIZE_AND_PARENB | CS8);
        termios.set(ValueLayout.JAVA_BYTE, VTIME, (byte) 0);
        termios.set(ValueLayout.JAVA_BYTE, VMIN, (byte) 1);
        control(terminal, TCSETS, termios);
    }

    /** What to open: {@code /dev/pts/N}. */
    public String path() {
        return path;
    }

    /** This process's end, to be waited for. Stays owned by this object; -1 after {@link #close}. */
    public int fd() {
        return master.number();
    }

    /**
     * Takes what has been typed.
     *
     * @return bytes put into {@code target}, 0 if there are none at present
     * @throws HostException EBADF after {@link #close}
     */
    public int read(byte[] target, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, target.length);
        int count = transfer("read", READ, input, Math.min(length, BUFFER_BYTES));
        MemorySegment.copy(input, ValueLayout.JAVA_BYTE, 0, target, offset, count);
        return count;
    }

    /**
     * Shows bytes.
     *
     * @return how many there was room for; the others are to be written later, or forgotten
     * @throws HostException EBADF after {@link #close}
     */
    public int write(byte[] source, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, source.length);
        int written = 0;
        while (written < length) {
            int some = Math.min(length - written, BUFFER_BYTES);
            MemorySegment.copy(source, offset + written, output, ValueLayout.JAVA_BYTE, 0, some);
            int count = transfer("write", WRITE, output, some);
            written += count;
            if (count < some) {
                return written;
            }
        }
        return written;
    }

    private int transfer(String call, MethodHandle function, MemorySegment buffer, int length) {
        MemorySegment state = Native.state();
        try {
            int count = Native.callInt(function, state, master.number(), buffer.address(), length);
            if (count >= 0) {
                return count;
            }
        } finally {
            Reference.reachabilityFence(buffer);
        }
        int errno = Native.errno(state);
        if (errno == Errno.EAGAIN || errno == Errno.EINTR) {
            return 0;
        }
        throw new HostException(call + " of " + path, errno);
    }

    /** Whoever has it open reads an end. Idempotent. */
    @Override
    public void close() {
        slave.close();
        master.close();
    }
}
