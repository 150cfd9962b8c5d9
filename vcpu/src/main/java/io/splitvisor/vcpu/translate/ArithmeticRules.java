// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.translate;

import io.splitvisor.vcpu.decode.Insn;
import java.util.Map;

/** ADD to CMP, TEST; INC, DEC, NEG, NOT. */
final class ArithmeticRules {
    static final Map<String, Rule> RULES = Map.ofEntries(
            Map.entry("add", sum(FlagKind.ADD)),
            Map.entry("adc", sum(FlagKind.ADC)),
            Map.entry("sub", sum(FlagKind.SUB)),
            Map.entry("sbb", sum(FlagKind.SBB)),
            Map.entry("cmp", Rule.plain(Rule.After.of(FlagKind.SUB), ArithmeticRules::compare)),
            Map.entry("and", logic((b) -> b.code.land())),
            Map.entry("or", logic((b) -> b.code.lor())),
            Map.entry("xor", logic((b) -> b.code.lxor())),
            Map.entry("test", Rule.plain(Rule.After.of(FlagKind.LOGIC), ArithmeticRules::test)),
            Map.entry("inc", step(FlagKind.INC, 1)),
            Map.entry("dec", step(FlagKind.DEC, -1)),
            Map.entry("neg", Rule.plain(Rule.After.of(FlagKind.SUB), ArithmeticRules::neg)),
            Map.entry("not", Rule.plain(ArithmeticRules::not)));

    private ArithmeticRules() {}

    /** An operation on two longs on the stack. */
    private interface Step {
        void emit(Body b);
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

    /** Pushes the value of the destination, of which a change is started if it is memory. */
    static void startChange(Body b, Operand d) {
        if (d instanceof Operand.Memory m) {
            b.startChange(m);
        } else {
            b.raw(d);
        }
    }

    /** Gives the destination the value of a local. */
    static void finishChange(Body b, Operand d, int local) {
        if (d instanceof Operand.Memory m) {
            b.endChange(m, local);
        } else {
            b.code.lload(local);
            b.write((Operand.Register) d);
        }
    }

    /** An operation of two operands whose flags nobody reads: its result is on the stack. */
    private static void finishUnread(Body b, Operand d, int kind) {
        change(b, d);
        b.flagsAre(kind);
    }

    /** Gives the destination the value on the stack. */
    static void change(Body b, Operand d) {
        if (d instanceof Operand.Memory m) {
            b.code.lstore(Body.A);
            b.endChange(m, Body.A);
        } else {
            b.write((Operand.Register) d);
        }
    }

    private static void sum(Body b, Insn i, int operation) {
        Operand d = Operand.of(i, 0);
        Operand s = Operand.of(i, 1);
        boolean carries = operation == FlagKind.ADC || operation == FlagKind.SBB;
        if (!carries && b.flagsUnread()) {
            startChange(b, d);
            b.raw(s);
            if (operation == FlagKind.ADD) {
                b.code.ladd();
            } else {
                b.code.lsub();
            }
            finishUnread(b, d, FlagKind.of(operation, d.size()));
            return;
        }
        int left = carries ? Body.A : Body.FLAG_A;
        int right = carries ? Body.B : Body.FLAG_B;
        // Memory first: what it throws must find the flags as they were.
        if (s instanceof Operand.Memory) {
            b.raw(s);
            b.code.lstore(right);
            b.raw(d);
            b.code.lstore(left);
        } else {
            startChange(b, d);
            b.code.lstore(left);
            b.raw(s);
            b.code.lstore(right);
        }
        if (carries) {
            b.carryBit();
            b.code.lstore(Body.C);
            b.code.lload(left).lstore(Body.FLAG_A).lload(right).lstore(Body.FLAG_B);
        }
        b.code.lload(left).lload(right);
        if (operation == FlagKind.ADD || operation == FlagKind.ADC) {
            b.code.ladd();
        } else {
            b.code.lsub();
        }
        if (carries) {
            b.code.lload(Body.C);
            if (operation == FlagKind.ADC) {
                b.code.ladd();
            } else {
                b.code.lsub();
            }
        }
        b.code.lstore(Body.FLAG_R);
        finishChange(b, d, Body.FLAG_R);
        b.flagsAre(FlagKind.of(operation, d.size()));
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
        Operand s = Operand.of(i, 1);
        if (s instanceof Operand.Memory) {
            b.raw(s);
            b.raw(d);
        } else {
            startChange(b, d);
            b.raw(s);
        }
        step.emit(b);
        if (b.flagsUnread()) {
            finishUnread(b, d, FlagKind.of(FlagKind.LOGIC, d.size()));
            return;
        }
        b.code.lstore(Body.FLAG_R);
        finishChange(b, d, Body.FLAG_R);
        b.flagsAre(FlagKind.of(FlagKind.LOGIC, d.size()));
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
        startChange(b, d);
        if (b.flagsUnread()) {
            b.constant(by);
            b.code.ladd();
            finishUnread(b, d, FlagKind.of(operation, d.size()));
            return;
        }
        b.code.lstore(Body.A);
        b.carry();
        b.code.lstore(Body.FLAG_A);
        b.code.lload(Body.A);
        b.constant(by);
        b.code.ladd().lstore(Body.FLAG_R);
        finishChange(b, d, Body.FLAG_R);
        b.flagsAre(FlagKind.of(operation, d.size()));
    }

    private static void neg(Body b, Insn i) {
        Operand d = Operand.of(i, 0);
        startChange(b, d);
        b.code.dup2().lstore(Body.FLAG_B).lneg().lstore(Body.FLAG_R);
        b.constant(0);
        b.code.lstore(Body.FLAG_A);
        finishChange(b, d, Body.FLAG_R);
        b.flagsAre(FlagKind.of(FlagKind.SUB, d.size()));
    }

    private static void not(Body b, Insn i) {
        Operand d = Operand.of(i, 0);
        startChange(b, d);
        b.constant(-1);
        b.code.lxor().lstore(Body.A);
        finishChange(b, d, Body.A);
    }
}
