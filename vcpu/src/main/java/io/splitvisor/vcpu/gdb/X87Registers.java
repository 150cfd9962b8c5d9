// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.gdb;

import io.splitvisor.vcpu.Registers;
import java.util.function.BiConsumer;
import java.util.function.Function;

/** The part of gdb's core registers that belongs to x87: as after FNINIT. */
final class X87Registers {
    private static final String[] CONTROL = {"fctrl", "fstat", "ftag", "fiseg", "fioff", "foseg", "fooff", "fop"};
    private static final long CONTROL_WORD = 0x37f;
    private static final long EMPTY = 0xffff;

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
            sink.add("st" + n, "i387_ext", 10, r -> new long[2], (r, v) -> {});
        }
        for (String name : CONTROL) {
            long value = name.equals("fctrl") ? CONTROL_WORD : name.equals("ftag") ? EMPTY : 0;
            sink.add(name, "int", 4, r -> new long[] {value, 0}, (r, v) -> {});
        }
    }
}
