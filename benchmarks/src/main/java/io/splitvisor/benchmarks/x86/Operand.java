// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.x86;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * An operand of the {@link Assembler}.
 *
 * @param kind what it is
 * @param size bytes; 8 if nothing else is said
 * @param number of a register
 * @param base register of an address, or -1
 * @param index register of an address, or -1
 * @param scale shift of the index
 * @param value displacement or immediate
 * @param label name of a place
 */
record Operand(Kind kind, int size, int number, int base, int index, int scale, long value, String label) {
    private static final List<String> NAMES = List.of(
            "ax", "cx", "dx", "bx", "sp", "bp", "si", "di", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15");
    private static final List<String> BYTES = List.of("al", "cl", "dl", "bl", "spl", "bpl", "sil", "dil");
    private static final List<String> SIZES = List.of("byte ", "word ", "dword ", "qword ");

    /** What an operand is. */
    enum Kind {
        /** A register. */
        REGISTER,
        /** Memory. */
        MEMORY,
        /** A number. */
        IMMEDIATE,
        /** A label. */
        LABEL
    }

    static List<Operand> list(String text) {
        return Arrays.stream(text.split(",", -1))
                .map(String::strip)
                .map(Operand::of)
                .toList();
    }

    private static Operand of(String text) {
        for (int n = 0; n < SIZES.size(); n++) {
            if (text.startsWith(SIZES.get(n))) {
                return memory(text.substring(SIZES.get(n).length()).strip(), 1 << n);
            }
        }
        if (text.startsWith("[")) {
            return memory(text, 8);
        }
        int[] register = register(text);
        if (register != null) {
            return new Operand(Kind.REGISTER, register[1], register[0], -1, -1, 0, 0, null);
        }
        if (Character.isDigit(text.charAt(0)) || text.charAt(0) == '-') {
            return new Operand(Kind.IMMEDIATE, 8, 0, -1, -1, 0, number(text), null);
        }
        return new Operand(Kind.LABEL, 8, 0, -1, -1, 0, 0, text);
    }

    private static long number(String text) {
        String digits = text.replace("_", "");
        return digits.toLowerCase(Locale.ROOT).startsWith("0x")
                ? Long.parseUnsignedLong(digits.substring(2), 16)
                : Long.parseLong(digits);
    }

    /** Number and size of a register, or null. */
    private static int[] register(String name) {
        if (BYTES.contains(name)) {
            return new int[] {BYTES.indexOf(name), 1};
        }
        if (NAMES.contains(name)) {
            int number = NAMES.indexOf(name);
            return new int[] {number, number < 8 ? 2 : 8};
        }
        String rest = name.substring(1);
        if (name.startsWith("r") && NAMES.contains(rest)) {
            return new int[] {NAMES.indexOf(rest), 8};
        }
        if (name.startsWith("e") && NAMES.contains(rest)) {
            return new int[] {NAMES.indexOf(rest), 4};
        }
        String stem = name.substring(0, name.length() - 1);
        if (NAMES.indexOf(stem) >= 8) {
            return new int[] {NAMES.indexOf(stem), name.endsWith("d") ? 4 : name.endsWith("w") ? 2 : 1};
        }
        return null;
    }

    /** {@code [base + index*scale + displacement]}, each of which may be missing. */
    private static Operand memory(String text, int size) {
        int base = -1;
        int index = -1;
        int scale = 0;
        long displacement = 0;
        String inside = text.substring(1, text.length() - 1).replace(" ", "").replace("-", "+-");
        for (String term : inside.split("\\+", -1)) {
            int star = term.indexOf('*');
            int[] register = register(star < 0 ? term : term.substring(0, star));
            if (star >= 0) {
                index = register[0];
                scale = Integer.numberOfTrailingZeros(Integer.parseInt(term.substring(star + 1)));
            } else if (register == null) {
                displacement += number(term);
            } else if (base < 0) {
                base = register[0];
            } else {
                index = register[0];
            }
        }
        return new Operand(Kind.MEMORY, size, 0, base, index, scale, displacement, null);
    }

    boolean isMemory() {
        return kind == Kind.MEMORY;
    }

    boolean isImmediate() {
        return kind == Kind.IMMEDIATE;
    }

    boolean isLabel() {
        return kind == Kind.LABEL;
    }
}
