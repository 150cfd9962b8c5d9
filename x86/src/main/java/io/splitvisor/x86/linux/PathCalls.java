// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.linux;

import io.splitvisor.host.Errno;
import io.splitvisor.host.RawSyscall;
import java.nio.charset.StandardCharsets;

/** Calls that name files. The old ones are those with a directory, in the current one. */
final class PathCalls {
    private static final int SYS_OPEN = 2;
    private static final int SYS_STAT = 4;
    private static final int SYS_LSTAT = 6;
    private static final int SYS_ACCESS = 21;
    private static final int SYS_GETCWD = 79;
    private static final int SYS_CHDIR = 80;
    private static final int SYS_FCHDIR = 81;
    private static final int SYS_RENAME = 82;
    private static final int SYS_MKDIR = 83;
    private static final int SYS_RMDIR = 84;
    private static final int SYS_CREAT = 85;
    private static final int SYS_LINK = 86;
    private static final int SYS_UNLINK = 87;
    private static final int SYS_SYMLINK = 88;
    private static final int SYS_READLINK = 89;
    private static final int SYS_CHMOD = 90;
    private static final int SYS_CHOWN = 92;
    private static final int SYS_LCHOWN = 94;
    private static final int SYS_STATFS = 137;
    private static final int SYS_TRUNCATE = 76;
    /** The first and the last of the twelve calls about extended attributes. */
    private static final int SYS_SETXATTR = 188;

    private static final int SYS_FREMOVEXATTR = 199;
    private static final int SYS_UTIMES = 235;
    private static final int SYS_UTIMENSAT = 280;
    private static final int SYS_CLOSE = 3;
    private static final int SYS_FSTATFS = 138;
    private static final int SYS_FTRUNCATE = 77;
    private static final int SYS_DUP = 32;
    private static final int SYS_OPENAT = 257;
    private static final int SYS_MKDIRAT = 258;
    private static final int SYS_FCHOWNAT = 260;
    private static final int SYS_FUTIMESAT = 261;
    private static final int SYS_NEWFSTATAT = 262;
    private static final int SYS_UNLINKAT = 263;
    private static final int SYS_RENAMEAT = 264;
    private static final int SYS_LINKAT = 265;
    private static final int SYS_SYMLINKAT = 266;
    private static final int SYS_READLINKAT = 267;
    private static final int SYS_FCHMODAT = 268;
    private static final int SYS_FACCESSAT = 269;

    private static final long CWD = Directory.AT_FDCWD;
    private static final int AT_SYMLINK_NOFOLLOW = 0x100;
    private static final int AT_REMOVEDIR = 0x200;
    private static final int O_CREAT_WRONLY_TRUNC = 0x241;
    private static final int O_WRONLY = 1;
    private static final int O_PATH = 0x20_0000;
    private static final int O_CLOEXEC = 0x8_0000;
    private static final int O_DIRECTORY = 0x1_0000;
    private static final int STATFS_BYTES = 120;
    private static final int TIMES_BYTES = 32;

    private PathCalls() {}

    static void addTo(Handler[] h) {
        selfAware(h, SYS_OPENAT);
        mapAware(h, SYS_OPENAT);
        selfAware(h, SYS_NEWFSTATAT);
        Handler readlinkat = h[SYS_READLINKAT];
        h[SYS_READLINKAT] = (t, a) -> isSelf(t, a[1]) ? self(t, a) : readlinkat.call(t, a);
        Handler openat = h[SYS_OPENAT];
        h[SYS_OPEN] = (t, a) -> openat.call(t, words(CWD, a[0], a[1], a[2]));
        h[SYS_CREAT] = (t, a) -> openat.call(t, words(CWD, a[0], O_CREAT_WRONLY_TRUNC, a[1]));
        Handler stat = h[SYS_NEWFSTATAT];
        h[SYS_STAT] = (t, a) -> stat.call(t, words(CWD, a[0], a[1], 0));
        h[SYS_LSTAT] = (t, a) -> stat.call(t, words(CWD, a[0], a[1], AT_SYMLINK_NOFOLLOW));
        Handler readlink = h[SYS_READLINKAT];
        h[SYS_READLINK] = (t, a) -> readlink.call(t, words(CWD, a[0], a[1], a[2]));
        older(h, SYS_ACCESS, SYS_FACCESSAT, 0);
        older(h, SYS_MKDIR, SYS_MKDIRAT, 0);
        older(h, SYS_CHMOD, SYS_FCHMODAT, 0);
        h[SYS_RMDIR] = (t, a) -> h[SYS_UNLINKAT].call(t, words(CWD, a[0], AT_REMOVEDIR, 0));
        h[SYS_UNLINK] = (t, a) -> h[SYS_UNLINKAT].call(t, words(CWD, a[0], 0, 0));
        h[SYS_RENAME] = (t, a) -> h[SYS_RENAMEAT].call(t, words(CWD, a[0], CWD, a[1]));
        h[SYS_LINK] = (t, a) -> h[SYS_LINKAT].call(t, words(CWD, a[0], CWD, a[1]));
        h[SYS_SYMLINK] = (t, a) -> h[SYS_SYMLINKAT].call(t, words(a[0], CWD, a[1], 0));
        older(h, SYS_CHOWN, SYS_FCHOWNAT, 0);
        h[SYS_LCHOWN] = (t, a) -> h[SYS_FCHOWNAT].call(t, new long[] {CWD, a[0], a[1], a[2], AT_SYMLINK_NOFOLLOW, 0});
        h[SYS_STATFS] = PathCalls::statfs;
        for (int number = SYS_SETXATTR; number <= SYS_FREMOVEXATTR; number++) {
            h[number] = (t, a) -> -Errno.EOPNOTSUPP;
        }
        h[SYS_TRUNCATE] = PathCalls::truncate;
        h[SYS_UTIMENSAT] = PathCalls::utimensat;
        h[SYS_UTIMES] = PathCalls::utimes;
        h[SYS_GETCWD] = PathCalls::getcwd;
        h[SYS_CHDIR] = PathCalls::chdir;
        h[SYS_FCHDIR] = PathCalls::fchdir;
    }

    private static void older(Handler[] h, int number, int newer, long last) {
        Handler call = h[newer];
        h[number] = (t, a) -> call.call(t, new long[] {CWD, a[0], a[1], a[2], last, 0});
    }

    private static long[] words(long a, long b, long c, long d) {
        return new long[] {a, b, c, d, 0, 0};
    }

    /** A directory's descriptor of the host's. */
    static long directory(Task t, long fd) {
        return (int) fd == Directory.AT_FDCWD
                ? t.process().directory().hostFd()
                : t.process().fds().host(fd);
    }

    /** The host's view of /proc/self/exe is the JVM. */
    private static boolean isSelf(Task t, long path) {
        return t.memory().text(path).equals(OwnImage.NAME);
    }

    private static void selfAware(Handler[] h, int number) {
        Handler call = h[number];
        h[number] = (t, a) -> {
            if (!isSelf(t, a[1])) {
                return call.call(t, a);
            }
            return OwnImage.call(t, number, a);
        };
    }

    private static void mapAware(Handler[] h, int number) {
        Handler call = h[number];
        h[number] = (t, a) -> t.memory().text(a[1]).equals(MemoryMap.NAME)
                ? t.process().fds().install(MemoryMap.open(t), (a[2] & O_CLOEXEC) != 0)
                : call.call(t, a);
    }

    private static long self(Task t, long[] a) {
        byte[] path = OwnImage.path(t).getBytes(StandardCharsets.ISO_8859_1);
        byte[] cut = java.util.Arrays.copyOf(path, Math.clamp(a[3], 0, path.length));
        t.memory().putBytes(a[2], cut);
        return cut.length;
    }

    private static long open(Task t, long path, int flags) {
        return RawSyscall.call(SYS_OPENAT, directory(t, CWD), t.memory().path(path), flags | O_CLOEXEC, 0, 0, 0);
    }

    private static void close(long hostFd) {
        RawSyscall.call(SYS_CLOSE, hostFd, 0, 0, 0, 0, 0);
    }

    private static long statfs(Task t, long[] a) {
        long fd = open(t, a[0], O_PATH);
        if (fd < 0) {
            return fd;
        }
        try {
            return RawSyscall.call(SYS_FSTATFS, fd, t.memory().out(a[1], STATFS_BYTES), 0, 0, 0, 0);
        } finally {
            close(fd);
        }
    }

    private static long truncate(Task t, long[] a) {
        long fd = open(t, a[0], O_WRONLY);
        if (fd < 0) {
            return fd;
        }
        long result = RawSyscall.call(SYS_FTRUNCATE, fd, a[1], 0, 0, 0, 0);
        close(fd);
        return result;
    }

    /** The path may be null: then it is the descriptor's own times. */
    private static long utimensat(Task t, long[] a) {
        long path = a[1] == 0 ? 0 : t.memory().path(a[1]);
        return RawSyscall.call(
                SYS_UTIMENSAT, directory(t, a[0]), path, t.memory().in(a[2], TIMES_BYTES), a[3], 0, 0);
    }

    private static long utimes(Task t, long[] a) {
        long path = t.memory().path(a[0]);
        return RawSyscall.call(
                SYS_FUTIMESAT, directory(t, CWD), path, t.memory().in(a[1], TIMES_BYTES), 0, 0, 0);
    }

    private static long getcwd(Task t, long[] a) {
        int fd = t.process().directory().hostFd();
        if (fd == Directory.AT_FDCWD) {
            long result = RawSyscall.call(SYS_GETCWD, t.memory().out(a[0], a[1]), a[1], 0, 0, 0, 0);
            t.memory().space().wrote(a[0], Math.max(0, result));
            return result;
        }
        String path;
        try {
            path = HostPaths.bytes(java.nio.file.Files.readSymbolicLink(java.nio.file.Path.of("/proc/self/fd/" + fd))
                    .toString());
        } catch (java.io.IOException _) {
            return -Errno.ENOENT;
        }
        byte[] bytes = (path + "\0").getBytes(StandardCharsets.ISO_8859_1);
        if (bytes.length > a[1]) {
            return -Errno.ERANGE;
        }
        t.memory().putBytes(a[0], bytes);
        return bytes.length;
    }

    private static long chdir(Task t, long[] a) {
        long fd = open(t, a[0], O_PATH | O_DIRECTORY);
        if (fd < 0) {
            return fd;
        }
        t.process().directory().change((int) fd);
        return 0;
    }

    private static long fchdir(Task t, long[] a) {
        long fd = RawSyscall.call(SYS_DUP, t.process().fds().host(a[0]), 0, 0, 0, 0, 0);
        if (fd < 0) {
            return fd;
        }
        t.process().directory().change((int) fd);
        return 0;
    }
}
