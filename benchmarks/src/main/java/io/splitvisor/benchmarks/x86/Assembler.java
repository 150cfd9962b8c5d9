// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.x86;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A small assembler of 64-bit code in Intel's syntax: one instruction or {@code label:} a line, {@code #} starts a comment. It knows
 * what the loops use, and refuses the rest; {@code reload_cr3} stands for a load and a store of CR3 through RCX. Jumps and calls
 * always have 32-bit displacements.
 */
final class Assembler {
    private static final List<String> ALU = List.of("add", "or", "adc", "sbb", "and", "sub", "xor", "cmp");
    private static final List<String> SHIFTS = List.of("rol", "ror", "rcl", "rcr", "shl", "shr", "sal", "sar");
    private static final List<String> CONDITIONS =
            List.of("o", "no", "b", "ae", "e", "ne", "be", "a", "s", "ns", "p", "np", "l", "ge", "le", "g");

    private final long origin;
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final Map<String, Integer> labels = new HashMap<>();
    private final List<Fixup> fixups = new ArrayList<>();

    /** Four bytes at {@code at} are to hold the distance from behind them to a label. */
    private record Fixup(int at, String label) {}

    Assembler(long origin) {
        this.origin = origin;
    }

    /** Assembles lines. */
    Assembler add(String text) {
        text.lines()
                .map(l -> l.replaceFirst("#.*", "").strip())
                .filter(l -> !l.isEmpty())
                .forEach(this::line);
        return this;
    }

    /** The address of a label. */
    long address(String label) {
        return origin + labels.get(label);
    }

    /** Where the next instruction will lie. */
    long here() {
        return origin + out.size();
    }

    /** The code. */
    byte[] bytes() {
        byte[] code = out.toByteArray();
        for (Fixup f : fixups) {
            Integer to = labels.get(f.label);
            if (to == null) {
                throw new IllegalArgumentException("no label " + f.label);
            }
            int distance = to - f.at - 4;
            for (int i = 0; i < 4; i++) {
                code[f.at + i] = (byte) (distance >> 8 * i);
            }
        }
        return code;
    }

    private void line(String line) {
        if (line.endsWith(":")) {
            labels.put(line.substring(0, line.length() - 1), out.size());
            return;
        }
        String[] words = line.split("\\s+", 2);
        List<Operand> operands = words.length == 1 ? List.of() : Operand.list(words[1]);
        instruction(words[0].toLowerCase(Locale.ROOT), operands);
    }

    private void instruction(String name, List<Operand> operands) {
        Operand a = operands.isEmpty() ? null : operands.get(0);
        Operand b = operands.size() < 2 ? null : operands.get(1);
        if (ALU.contains(name)) {
            alu(ALU.indexOf(name), a, b);
        } else if (SHIFTS.contains(name)) {
            encode(sized(0xc0, a), SHIFTS.indexOf(name), a, a.size(), 1);
            out.write((int) b.value());
        } else if (name.startsWith("j") && !name.equals("jmp")) {
            out.write(0x0f);
            out.write(0x80 | CONDITIONS.indexOf(name.substring(1)));
            distance(a);
        } else if (name.startsWith("set")) {
            encode(new int[] {0x0f, 0x90 | CONDITIONS.indexOf(name.substring(3))}, 0, a, 1, 0);
        } else if (name.startsWith("cmov")) {
            encode(new int[] {0x0f, 0x40 | CONDITIONS.indexOf(name.substring(4))}, a.number(), b, a.size(), 0);
        } else {
            other(name, a, b);
        }
    }

    private void other(String name, Operand a, Operand b) {
        switch (name) {
            case "mov" -> mov(a, b);
            case "movzx" -> encode(new int[] {0x0f, b.size() == 1 ? 0xb6 : 0xb7}, a.number(), b, a.size(), 0);
            case "lea" -> encode(new int[] {0x8d}, a.number(), b, a.size(), 0);
            case "test" -> encode(sized(0x84, a), b.number(), a, a.size(), 0);
            case "inc" -> encode(sized(0xfe, a), 0, a, a.size(), 0);
            case "dec" -> encode(sized(0xfe, a), 1, a, a.size(), 0);
            case "not" -> encode(sized(0xf6, a), 2, a, a.size(), 0);
            case "mul" -> encode(sized(0xf6, a), 4, a, a.size(), 0);
            case "imul" -> encode(new int[] {0x0f, 0xaf}, a.number(), b, a.size(), 0);
            case "push" -> encode(new int[] {0xff}, 6, a, 4, 0);
            case "pop" -> encode(new int[] {0x8f}, 0, a, 4, 0);
            case "call", "jmp" -> flow(name.equals("call"), a);
            case "ret" -> out.write(0xc3);
            case "hlt" -> out.write(0xf4);
            case "out" -> out.write(0xee);
            case "rep_stosq" -> out.writeBytes(new byte[] {(byte) 0xf3, 0x48, (byte) 0xab});
            case "reload_cr3" -> out.writeBytes(new byte[] {0x0f, 0x20, (byte) 0xd9, 0x0f, 0x22, (byte) 0xd9});
            default -> throw new IllegalArgumentException("the assembler does not know " + name);
        }
    }

    private void alu(int operation, Operand a, Operand b) {
        if (b.isImmediate()) {
            boolean small = b.value() == (byte) b.value() && a.size() > 1;
            encode(small ? new int[] {0x83} : sized(0x80, a), operation, a, a.size(), small || a.size() == 1 ? 1 : 4);
            immediate(b.value(), small || a.size() == 1 ? 1 : 4);
        } else if (b.isMemory()) {
            encode(sized(operation << 3 | 2, a), a.number(), b, a.size(), 0);
        } else {
            encode(sized(operation << 3, b), b.number(), a, b.size(), 0);
        }
    }

    private void mov(Operand a, Operand b) {
        if (b.isImmediate()) {
            if (a.isMemory() || b.value() == (int) b.value()) {
                int bytes = Math.min(a.size(), 4);
                encode(sized(0xc6, a), 0, a, a.size(), bytes);
                immediate(b.value(), bytes);
            } else {
                out.write(0x48 | a.number() >> 3);
                out.write(0xb8 | (a.number() & 7));
                immediate(b.value(), 8);
            }
        } else if (b.isMemory()) {
            encode(sized(0x8a, a), a.number(), b, a.size(), 0);
        } else {
            encode(sized(0x88, b), b.number(), a, b.size(), 0);
        }
    }

    private void flow(boolean call, Operand a) {
        if (a.isLabel()) {
            out.write(call ? 0xe8 : 0xe9);
            distance(a);
        } else {
            encode(new int[] {0xff}, call ? 2 : 4, a, 4, 0);
        }
    }

    private void distance(Operand label) {
        fixups.add(new Fixup(out.size(), label.label()));
        immediate(0, 4);
    }

    private static int[] sized(int byteOpcode, Operand operand) {
        return new int[] {operand.size() == 1 ? byteOpcode : byteOpcode | 1};
    }

    private void immediate(long value, int bytes) {
        for (int i = 0; i < bytes; i++) {
            out.write((int) (value >> 8 * i));
        }
    }

    /** Prefixes, opcode, ModRM and what follows it. */
    private void encode(int[] opcode, int reg, Operand rm, int size, int immediateBytes) {
        if (immediateBytes > 8) {
            throw new IllegalArgumentException("an immediate of " + immediateBytes + " bytes");
        }
        if (size == 2) {
            out.write(0x66);
        }
        int index = rm.isMemory() && rm.index() >= 0 ? rm.index() : 0;
        int base = rm.isMemory() ? Math.max(rm.base(), 0) : rm.number();
        int rex = (size == 8 ? 8 : 0) | (reg >> 3 & 1) << 2 | (index >> 3 & 1) << 1 | (base >> 3 & 1);
        boolean byteRegister = size == 1 && (reg >= 4 || (!rm.isMemory() && rm.number() >= 4));
        if (rex != 0 || byteRegister) {
            out.write(0x40 | rex);
        }
        for (int b : opcode) {
            out.write(b);
        }
        if (rm.isMemory()) {
            memory(reg, rm);
        } else {
            out.write(0xc0 | (reg & 7) << 3 | (base & 7));
        }
    }

    /** Always with a 32-bit displacement, unless it is small. */
    private void memory(int reg, Operand m) {
        boolean small = m.value() == (byte) m.value() && m.base() >= 0;
        int mod = m.base() < 0 ? 0 : small ? 1 : 2;
        boolean sib = m.index() >= 0 || m.base() < 0 || (m.base() & 7) == 4;
        out.write(mod << 6 | (reg & 7) << 3 | (sib ? 4 : m.base() & 7));
        if (sib) {
            out.write(m.scale() << 6 | (m.index() < 0 ? 4 : m.index() & 7) << 3 | (m.base() < 0 ? 5 : m.base() & 7));
        }
        immediate(m.value(), small ? 1 : 4);
    }
}
