// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.translate;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.decode.Insn;
import java.lang.classfile.Label;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.Map;

/** Moves, conversions, the stack, and what conditions choose. */
final class MoveRules {
    static final Map<String, Rule> RULES = Map.ofEntries(
            Map.entry("mov", Rule.plain(MoveRules::mov)),
            Map.entry("movnti", Rule.plain(MoveRules::mov)),
            Map.entry("movzx", Rule.plain(MoveRules::movzx)),
            Map.entry("movsx", Rule.plain(MoveRules::movsx)),
            Map.entry("movsxd", Rule.plain(MoveRules::movsx)),
            Map.entry("lea", new Rule(i -> true, Rule.After.SAME, MoveRules::lea).staying()),
            Map.entry("bswap", Rule.plain(MoveRules::bswap).when(i -> i.operandBytes() >= 4)),
            Map.entry("cbw", new Rule(i -> true, Rule.After.SAME, MoveRules::cbw)),
            Map.entry("cwd", new Rule(i -> true, Rule.After.SAME, MoveRules::cwd)),
            Map.entry("xchg", Rule.plain(MoveRules::xchg).when(i -> !i.hasMemory())),
            Map.entry("nop", new Rule(i -> true, Rule.After.SAME, (b, i) -> {}).staying()),
            Map.entry(
                    "push",
                    Rule.plain(MoveRules::push).when(i -> i.operandBytes() == 8).leaving()),
            Map.entry(
                    "pop",
                    Rule.plain(MoveRules::pop)
                            .when(i -> i.operandBytes() == 8 && !i.hasMemory())
                            .leaving()),
            Map.entry("leave", new Rule(i -> i.operandBytes() == 8, Rule.After.SAME, MoveRules::leave).leaving()));

    static final Rule SET = Rule.plain(Rule.After.READ, MoveRules::set);
    static final Rule CMOV = Rule.plain(Rule.After.READ, MoveRules::cmov);

    private MoveRules() {}

    private static void mov(Body b, Insn i) {
        Operand s = Operand.of(i, 1);
        if (Operand.of(i, 0) instanceof Operand.Register d) {
            b.raw(s);
            b.write(d);
        } else {
            b.address(i);
            b.raw(s);
            b.storeAt(Operand.of(i, 0).size());
        }
    }

    private static void movzx(Body b, Insn i) {
        b.zeroExtended(Operand.of(i, 1));
        b.write((Operand.Register) Operand.of(i, 0));
    }

    private static void movsx(Body b, Insn i) {
        b.signExtended(Operand.of(i, 1));
        b.write((Operand.Register) Operand.of(i, 0));
    }

    private static void lea(Body b, Insn i) {
        b.offset(i);
        b.write((Operand.Register) Operand.of(i, 0));
    }

    private static void bswap(Body b, Insn i) {
        Operand.Register d = (Operand.Register) Operand.of(i, 0);
        boolean quad = d.size() == 8;
        ClassDesc type = quad ? ConstantDescs.CD_long : ConstantDescs.CD_int;
        b.raw(d);
        if (!quad) {
            b.code.l2i();
        }
        b.call(quad ? ConstantDescs.CD_Long : ConstantDescs.CD_Integer, "reverseBytes", MethodTypeDesc.of(type, type));
        if (!quad) {
            b.code.i2l();
        }
        b.write(d);
    }

    private static void cbw(Body b, Insn i) {
        int size = i.operandBytes();
        b.signExtended(new Operand.Register(Cpu.RAX, size / 2, false));
        b.write(new Operand.Register(Cpu.RAX, size, false));
    }

    private static void cwd(Body b, Insn i) {
        int size = i.operandBytes();
        b.signExtended(new Operand.Register(Cpu.RAX, size, false));
        b.code.loadConstant(63).lshr();
        b.write(new Operand.Register(Cpu.RDX, size, false));
    }

    private static void xchg(Body b, Insn i) {
        boolean nop = (i.opcode() & 0xf8) == 0x90 && i.opcodeRegister() == 0;
        if (nop) {
            return;
        }
        Operand.Register d = (Operand.Register) Operand.of(i, 0);
        Operand.Register s = (Operand.Register) Operand.of(i, 1);
        b.raw(d);
        b.raw(s);
        b.write(d);
        b.write(s);
    }

    private static void push(Body b, Insn i) {
        b.raw(Operand.of(i, 0));
        b.code.lstore(Body.A);
        push(b, Body.A);
    }

    /** Pushes the value of a local. */
    static void push(Body b, int local) {
        b.get(Cpu.RSP);
        b.constant(-8);
        b.code.ladd().dup2().lstore(Body.B).lload(local);
        b.storeAt(8);
        b.code.lload(Body.B);
        b.put(Cpu.RSP);
    }

    private static void pop(Body b, Insn i) {
        b.get(Cpu.RSP);
        b.loadAt(8);
        drop(b, 8);
        b.write((Operand.Register) Operand.of(i, 0));
    }

    /** Moves the stack pointer up. */
    static void drop(Body b, long bytes) {
        b.get(Cpu.RSP);
        b.constant(bytes);
        b.code.ladd();
        b.put(Cpu.RSP);
    }

    private static void leave(Body b, Insn i) {
        b.get(Cpu.RBP);
        b.loadAt(8);
        b.get(Cpu.RBP);
        b.constant(8);
        b.code.ladd();
        b.put(Cpu.RSP);
        b.put(Cpu.RBP);
    }

    private static void set(Body b, Insn i) {
        Label yes = b.code.newLabel();
        Label end = b.code.newLabel();
        Conditions.branch(b, i.opcode() & 15, yes);
        b.constant(0);
        b.code.lstore(Body.A).goto_(end);
        b.code.labelBinding(yes);
        b.constant(1);
        b.code.lstore(Body.A).labelBinding(end);
        if (Operand.of(i, 0) instanceof Operand.Register d) {
            b.code.lload(Body.A);
            b.write(d);
        } else {
            b.address(i);
            b.code.lload(Body.A);
            b.storeAt(1);
        }
    }

    private static void cmov(Body b, Insn i) {
        Operand.Register d = (Operand.Register) Operand.of(i, 0);
        Label yes = b.code.newLabel();
        Label end = b.code.newLabel();
        b.raw(Operand.of(i, 1));
        b.code.lstore(Body.A);
        Conditions.branch(b, i.opcode() & 15, yes);
        b.raw(d);
        b.code.lstore(Body.A).labelBinding(yes);
        b.code.labelBinding(end);
        b.code.lload(Body.A);
        b.write(d);
    }
}
