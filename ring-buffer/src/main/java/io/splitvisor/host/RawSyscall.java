// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.host;

import static io.splitvisor.host.Native.LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * A system call by number, for those who pass on the calls of a program that they run. Whoever uses it decides which
 * calls are let through, and vouches for every address among the arguments: the kernel reads and writes there.
 */
public final class RawSyscall {
    private static final MethodHandle SYSCALL = Linker.nativeLinker()
            .downcallHandle(
                    Linker.nativeLinker().defaultLookup().findOrThrow("syscall"),
                    FunctionDescriptor.of(LONG, LONG, LONG, LONG, LONG, LONG, LONG, LONG),
                    Linker.Option.captureCallState("errno"),
                    Linker.Option.firstVariadicArg(1));

    private RawSyscall() {}

    /** Whether this host has the numbers and structures of Linux for x86-64. */
    public static boolean isX86Linux() {
        return System.getProperty("os.arch").equals("amd64")
                && System.getProperty("os.name").equals("Linux");
    }

    /**
     * Makes a system call. Arguments that it does not have are ignored.
     *
     * @return its result, or a negative errno
     */
    public static long call(long number, long a, long b, long c, long d, long e, long f) {
        MemorySegment state = Native.state();
        try {
            long result = (long) SYSCALL.invokeExact(state, number, a, b, c, d, e, f);
            return result == -1 ? -Native.errno(state) : result;
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }
}
