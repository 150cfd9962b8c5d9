// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.host;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;

/**
 * Links libc functions. Every handle takes a leading segment for errno. Pointers travel as {@code long} addresses, so that a
 * call makes no object; the caller keeps what is there alive.
 *
 * <p>All have one prototype, six words and a word: the first link of a prototype costs some six milliseconds and a dozen
 * classes, each further one of the same next to nothing.
 */
final class Native {
    static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

    /** How many arguments a linked function has. */
    private static final int WORD_COUNT = 6;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final long ERRNO =
            Linker.Option.captureStateLayout().byteOffset(MemoryLayout.PathElement.groupElement("errno"));
    private static final FunctionDescriptor WORDS = FunctionDescriptor.of(LONG, LONG, LONG, LONG, LONG, LONG, LONG);
    private static final ThreadLocal<MemorySegment> STATE =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(Linker.Option.captureStateLayout()));

    private Native() {}

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

    /**
     * Calls a linked function, for calls that are made seldom: those on hot paths name all six words themselves.
     *
     * @param words up to six
     * @return what the function returned, of which an int is the low half
     */
    static long call(MethodHandle function, MemorySegment state, long... words) {
        long[] all = Arrays.copyOf(words, WORD_COUNT);
        try {
            return (long) function.invokeExact(state, all[0], all[1], all[2], all[3], all[4], all[5]);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    /** As {@link #call}, of a function that returns an int. */
    static int callInt(MethodHandle function, MemorySegment state, long... words) {
        return (int) call(function, state, words);
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
