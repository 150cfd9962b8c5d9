// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.translate;

import io.splitvisor.vcpu.decode.Insn;
import java.lang.classfile.CodeBuilder;
import java.util.Map;

/** ADD to CMP, TEST; INC, DEC, NEG, NOT. */
final class ArithmeticRules {
    static final Map<String, Rule> RULES = Map.ofEntries(
            Map.entry("add", sum(FlagKind.ADD)),
            Map.entry("adc", sum(FlagKind.ADC)),
            Map.entry("sub", sum(FlagKind.SUB)),
            Map.entry("sbb", sum(FlagKind.SBB)),
            Map.entry("cmp", Rule.plain(Rule.After.of(FlagKind.SUB), ArithmeticRules::compare)),
            Map.entry("and", logic(Width::and)),
            Map.entry("or", logic(Width::or)),
            Map.entry("xor", logic(Width::xor)),
            Map.entry("test", Rule.plain(Rule.After.of(FlagKind.LOGIC), ArithmeticRules::test)),
            Map.entry("inc", step(FlagKind.INC, 1)),
            Map.entry("dec", step(FlagKind.DEC, -1)),
            Map.entry("neg", Rule.plain(Rule.After.of(FlagKind.SUB), ArithmeticRules::neg)),
            Map.entry("not", Rule.plain(ArithmeticRules::not)));

    private ArithmeticRules() {}

    /** An operation on two values on the stack. */
    private interface Step {
        void emit(Width w, CodeBuilder code);
    }

    private static Rule sum(int operation) {
        return Rule.plain(Rule.After.of(operation), (b, i) -> sum(b, i, operation));
    }

    private static Rule logic(Step step) {
        return Rule.plain(Rule.After.of(FlagKind.LOGIC), (b, i) -> logic(b, i, step));
    }

    private static Rule step(int operation, int by) {
        return Rule.plain(Rule.After.of(operation), (b, i) -> step(b, i, operation, by));
    }

    /** Pushes the value of the destination, in its width; of memory, a change is started. */
    static Width startChange(Body b, Operand d) {
        Width w = Width.of(d);
        if (d instanceof Operand.Memory m) {
            b.memory.startChange(m.insn(), m.size());
        } else {
            w.push(b, d);
        }
        return w;
    }

    /** Gives the destination the value of a local, which is a long. */
    static void finishChange(Body b, Operand d, int local) {
        if (d instanceof Operand.Memory m) {
            b.memory.endChange(m.size(), local);
        } else {
            b.code.lload(local);
            b.write((Operand.Register) d);
        }
    }

    /** Gives the destination the value on the stack, which is in its width. */
    static void change(Body b, Operand d) {
        if (d instanceof Operand.Memory m) {
            b.code.lstore(Body.A);
            b.memory.endChange(m.size(), Body.A);
        } else {
            Width.of(d).write(b, (Operand.Register) d);
        }
    }

    /** Gives the destination the value on the stack, which is the result that flags are made of if anybody reads them. */
    private static void finish(Body b, Operand d, int operation) {
        if (!b.flagsUnread()) {
            Width.of(d).keep(b.code, Body.FLAG_R);
        }
        change(b, d);
        b.flagsAre(FlagKind.of(operation, d.size()));
    }

    private static void sum(Body b, Insn i, int operation) {
        Operand d = Operand.of(i, 0);
        Operand s = Operand.of(i, 1);
        boolean carries = operation == FlagKind.ADC || operation == FlagKind.SBB;
        Width w = startChange(b, d);
        w.push(b, s);
        if (carries || !b.flagsUnread()) {
            // Both operands are there: what memory throws has found the flags as they were.
            w.store(b.code, Body.B);
            w.store(b.code, Body.A);
            if (carries) {
                b.carryBit();
                b.code.lstore(Body.C);
            }
            w.load(b.code, Body.A);
            w.keep(b.code, Body.FLAG_A);
            w.load(b.code, Body.B);
            w.keep(b.code, Body.FLAG_B);
        }
        if (operation == FlagKind.ADD || operation == FlagKind.ADC) {
            w.add(b.code);
        } else {
            w.subtract(b.code);
        }
        if (carries) {
            b.code.lload(Body.C);
            w.fromLong(b.code);
            if (operation == FlagKind.ADC) {
                w.add(b.code);
            } else {
                w.subtract(b.code);
            }
        }
        finish(b, d, operation);
    }

    private static void compare(Body b, Insn i) {
        Operand d = Operand.of(i, 0);
        Operand s = Operand.of(i, 1);
        if (s instanceof Operand.Memory) {
            b.raw(s);
            b.code.lstore(Body.FLAG_B);
            b.raw(d);
            b.code.lstore(Body.FLAG_A);
        } else {
            b.raw(d);
            b.code.lstore(Body.FLAG_A);
            b.raw(s);
            b.code.lstore(Body.FLAG_B);
        }
        b.code.lload(Body.FLAG_A).lload(Body.FLAG_B).lsub().lstore(Body.FLAG_R);
        b.flagsAre(FlagKind.of(FlagKind.SUB, d.size()));
    }

    private static void logic(Body b, Insn i, Step step) {
        Operand d = Operand.of(i, 0);
        Width w = startChange(b, d);
        w.push(b, Operand.of(i, 1));
        step.emit(w, b.code);
        finish(b, d, FlagKind.LOGIC);
    }

    private static void test(Body b, Insn i) {
        Operand d = Operand.of(i, 0);
        b.raw(d);
        b.raw(Operand.of(i, 1));
        b.code.land().lstore(Body.FLAG_R);
        b.flagsAre(FlagKind.of(FlagKind.LOGIC, d.size()));
    }

    private static void step(Body b, Insn i, int operation, int by) {
        Operand d = Operand.of(i, 0);
        Width w = startChange(b, d);
        if (!b.flagsUnread()) {
            b.carry();
            b.code.lstore(Body.FLAG_A);
        }
        w.constant(b.code, by);
        w.add(b.code);
        finish(b, d, operation);
    }

    private static void neg(Body b, Insn i) {
        Operand d = Operand.of(i, 0);
        Width w = startChange(b, d);
        if (!b.flagsUnread()) {
            w.keep(b.code, Body.FLAG_B);
            b.constant(0);
            b.code.lstore(Body.FLAG_A);
        }
        w.negate(b.code);
        finish(b, d, FlagKind.SUB);
    }

    private static void not(Body b, Insn i) {
        Operand d = Operand.of(i, 0);
        Width w = startChange(b, d);
        w.constant(b.code, -1);
        w.xor(b.code);
        change(b, d);
    }
}
