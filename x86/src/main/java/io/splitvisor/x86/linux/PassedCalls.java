// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.linux;

import io.splitvisor.host.RawSyscall;
import java.util.List;

/** Calls that the host answers as they are, once descriptors and pointers in their arguments have been translated. */
final class PassedCalls implements Handler {
    /**
     * Number, name, arguments: {@code int} as it is; {@code fd} a descriptor; {@code at} one of a directory, or the
     * current one; {@code path}; {@code in:N} and {@code out:N} a pointer to N bytes; {@code in@K} and {@code out@K} to as
     * many as argument K says. {@code =fd} at the end: the result is a new descriptor; {@code =cloexec@K:BIT}: and closes
     * on exec if that bit of argument K is set.
     */
    private static final String TEXT = """
            0 read fd out@2 int
            1 write fd in@2 int
            5 fstat fd out:144
            8 lseek fd int int
            17 pread64 fd out@2 int int
            18 pwrite64 fd in@2 int int
            24 sched_yield
            40 sendfile fd fd out:8 int
            63 uname out:390
            73 flock fd int
            74 fsync fd
            75 fdatasync fd
            77 ftruncate fd int
            91 fchmod fd int
            93 fchown fd int int
            95 umask int
            96 gettimeofday out:16 out:8
            98 getrusage int out:144
            99 sysinfo out:112
            100 times out:32
            102 getuid
            104 getgid
            107 geteuid
            108 getegid
            138 fstatfs fd out:120
            140 getpriority int int
            141 setpriority int int int
            162 sync
            187 readahead fd int int
            201 time out:8
            204 sched_getaffinity thread int out@1
            217 getdents64 fd out@2 int
            221 fadvise64 fd int int int
            228 clock_gettime int out:16
            229 clock_getres int out:16
            257 openat at path int int =cloexec@2:19
            258 mkdirat at path int
            259 mknodat at path int int
            260 fchownat at path int int int
            262 newfstatat at path out:144 int
            263 unlinkat at path int
            264 renameat at path at path
            265 linkat at path at path int
            266 symlinkat path at path
            267 readlinkat at path out@3 int
            268 fchmodat at path int
            269 faccessat at path int
            275 splice fd out:8 fd out:8 int int
            277 sync_file_range fd int int int
            285 fallocate fd int int int
            290 eventfd2 int int =cloexec@1:19
            309 getcpu out:4 out:4
            316 renameat2 at path at path int
            318 getrandom out@1 int int
            319 memfd_create path int =cloexec@1:0
            326 copy_file_range fd out:8 fd out:8 int int
            332 statx at path int int out:256
            439 faccessat2 at path int int
            """;

    /** In a result's place: no new descriptor. */
    private static final int NO_FD = -1;

    private enum Kind {
        INT,
        /** A thread's number: those of the program itself are none of the host's, which asks about the caller instead. */
        THREAD,
        FD,
        AT,
        PATH,
        IN,
        OUT
    }

    /** An argument: bytes that a pointer leads to, or which argument says how many. */
    private record Argument(Kind kind, int size, int sizeAt) {
        long bytes(long[] a) {
            return sizeAt < 0 ? size : a[sizeAt];
        }
    }

    private final int number;
    private final List<Argument> arguments;
    private final int flagsAt;
    private final int flagBit;

    private PassedCalls(int number, List<Argument> arguments, int flagsAt, int flagBit) {
        this.number = number;
        this.arguments = arguments;
        this.flagsAt = flagsAt;
        this.flagBit = flagBit;
    }

    static void addTo(Handler[] handlers) {
        TEXT.lines().forEach(line -> {
            String[] words = line.split(" ", -1);
            int number = Integer.parseInt(words[0]);
            handlers[number] = parse(number, List.of(words).subList(2, words.length));
        });
    }

    private static Handler parse(int number, List<String> words) {
        String last = words.isEmpty() ? "" : words.getLast();
        if (!last.startsWith("=")) {
            return new PassedCalls(
                    number, words.stream().map(PassedCalls::argument).toList(), NO_FD, 0);
        }
        String[] flag = last.substring(last.indexOf('@') + 1).split(":", -1);
        List<Argument> arguments = words.subList(0, words.size() - 1).stream()
                .map(PassedCalls::argument)
                .toList();
        return new PassedCalls(number, arguments, Integer.parseInt(flag[0]), Integer.parseInt(flag[1]));
    }

    private static Argument argument(String word) {
        String[] parts = word.split("[:@]", -1);
        Kind kind = Kind.valueOf(parts[0].toUpperCase(java.util.Locale.ROOT));
        if (parts.length == 1) {
            return new Argument(kind, 0, -1);
        }
        int n = Integer.parseInt(parts[1]);
        return word.contains("@") ? new Argument(kind, 0, n) : new Argument(kind, n, -1);
    }

    @Override
    public long call(Task t, long[] a) {
        long[] h = a.clone();
        for (int i = 0; i < arguments.size(); i++) {
            h[i] = translate(t, arguments.get(i), a, i);
        }
        long result = RawSyscall.call(number, h[0], h[1], h[2], h[3], h[4], h[5]);
        for (int i = 0; result >= 0 && i < arguments.size(); i++) {
            if (arguments.get(i).kind == Kind.OUT && a[i] != 0) {
                t.memory().space().wrote(a[i], arguments.get(i).bytes(a));
            }
        }
        if (flagsAt >= 0) {
            return t.process().fds().install(result, (a[flagsAt] >>> flagBit & 1) != 0);
        }
        return result;
    }

    private static long translate(Task t, Argument argument, long[] a, int i) {
        return switch (argument.kind) {
            case INT -> a[i];
            case THREAD -> t.process().family().hasThread((int) a[i]) ? 0 : a[i];
            case FD -> t.process().fds().host(a[i]);
            case AT -> PathCalls.directory(t, a[i]);
            case PATH -> t.memory().path(a[i]);
            case IN -> t.memory().in(a[i], argument.bytes(a));
            case OUT -> t.memory().out(a[i], argument.bytes(a));
        };
    }
}
