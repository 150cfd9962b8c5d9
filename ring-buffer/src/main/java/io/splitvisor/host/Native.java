// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.host;

import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Links libc functions. Every handle takes a leading segment for errno. Pointers that come from a mapping travel as
 * {@code long} addresses, so that a call makes no object; the caller keeps the mapping alive.
 *
 * <p>Each class links only the functions that it calls. The first link of a prototype costs some six milliseconds, each
 * further one of the same prototype next to nothing; what a guest needs to start is therefore linked with one prototype
 * for all, by {@link #linkWords}.
 */
final class Native {
    static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    static final AddressLayout POINTER = ValueLayout.ADDRESS;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final long ERRNO =
            Linker.Option.captureStateLayout().byteOffset(MemoryLayout.PathElement.groupElement("errno"));
    private static final FunctionDescriptor WORDS = FunctionDescriptor.of(LONG, LONG, LONG, LONG, LONG, LONG, LONG);
    private static final ThreadLocal<MemorySegment> STATE =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(Linker.Option.captureStateLayout()));

    private Native() {}

    /** SAFETY: {@code result} and {@code arguments} must be the C prototype of {@code symbol} on this ABI. */
    static MethodHandle link(String symbol, MemoryLayout result, MemoryLayout... arguments) {
        return LINKER.downcallHandle(
                LINKER.defaultLookup().findOrThrow(symbol),
                FunctionDescriptor.of(result, arguments),
                Linker.Option.captureCallState("errno"));
    }

    /**
     * Links a function that takes up to six integers or addresses, and returns one or nothing, as a function of six
     * 64-bit words. Unused words are 0; a result of type int is in the low half of the word returned.
     *
     * <p>SAFETY: on Linux for x86-64 and aarch64 the first six words travel in registers, for variadic functions too. A
     * function does not look at registers beyond its parameters, nor at the high half of an int.
     */
    static MethodHandle linkWords(String symbol) {
        return LINKER.downcallHandle(
                LINKER.defaultLookup().findOrThrow(symbol), WORDS, Linker.Option.captureCallState("errno"));
    }

    /** SAFETY: as {@link #link}; for functions with C varargs, the first variadic argument's index is named. */
    static MethodHandle linkVariadic(String symbol, int firstVariadic, MemoryLayout result, MemoryLayout... arguments) {
        return LINKER.downcallHandle(
                LINKER.defaultLookup().findOrThrow(symbol),
                FunctionDescriptor.of(result, arguments),
                Linker.Option.captureCallState("errno"),
                Linker.Option.firstVariadicArg(firstVariadic));
    }

    /** This thread's errno segment: one a thread, so that concurrent calls do not overwrite each other's. */
    static MemorySegment state() {
        return STATE.get();
    }

    static int errno(MemorySegment state) {
        return state.get(INT, ERRNO);
    }

    static HostException failure(String call, MemorySegment state) {
        return new HostException(call, errno(state));
    }

    /** For the {@code Throwable} that {@link MethodHandle#invokeExact} declares: a downcall itself throws nothing. */
    static Error unexpected(Throwable t) {
        if (t instanceof RuntimeException e) {
            throw e;
        }
        if (t instanceof Error e) {
            throw e;
        }
        return new AssertionError(t);
    }
}
