// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.gdb;

import io.splitvisor.vcpu.Registers;
import java.util.function.BiConsumer;
import java.util.function.Function;

/** The part of gdb's core registers that belongs to x87. ST(0) to ST(7) can be set, the others are to be read. */
final class X87Registers {
    /** Where FXSAVE has ST(0); see {@link Registers#floatState}. */
    private static final int ST_WORD = 4;

    private static final long LOW16 = 0xffff;

    /** Takes a register. */
    @FunctionalInterface
    interface Sink {
        void add(
                String name,
                String type,
                int bytes,
                Function<Registers, long[]> get,
                BiConsumer<Registers, long[]> set);
    }

    private X87Registers() {}

    static void addTo(Sink sink) {
        for (int n = 0; n < 8; n++) {
            int at = ST_WORD + 2 * n;
            sink.add(
                    "st" + n,
                    "i387_ext",
                    10,
                    r -> new long[] {r.floatState()[at], r.floatState()[at + 1]},
                    (r, v) -> set(r, at, v));
        }
        control(sink, "fctrl", w -> w[0] & LOW16);
        control(sink, "fstat", w -> w[0] >>> 16 & LOW16);
        sink.add("ftag", "int", 4, r -> new long[] {r.floatTags(), 0}, (r, v) -> {});
        // In 64-bit mode the pointers are the whole of it.
        control(sink, "fiseg", w -> w[1] >>> 32);
        control(sink, "fioff", w -> w[1]);
        control(sink, "foseg", w -> w[2] >>> 32);
        control(sink, "fooff", w -> w[2]);
        control(sink, "fop", w -> w[0] >>> 48);
    }

    private static void control(Sink sink, String name, Function<long[], Long> get) {
        sink.add(name, "int", 4, r -> new long[] {get.apply(r.floatState()), 0}, (r, v) -> {});
    }

    private static void set(Registers r, int at, long[] value) {
        long[] words = r.floatState();
        words[at] = value[0];
        words[at + 1] = value[1] & LOW16;
        r.floatState(words);
    }
}
