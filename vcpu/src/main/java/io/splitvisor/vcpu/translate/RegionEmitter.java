// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.translate;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.decode.Arg;
import io.splitvisor.vcpu.decode.Insn;
import io.splitvisor.vcpu.mmu.GuestFault;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.List;

/**
 * Emits the method of a region: blocks and how they end. The method starts at its end, where the registers that turned out to be
 * used are loaded; every exit passes the place where those that turned out to be changed are stored.
 */
final class RegionEmitter {
    private static final ClassDesc PROCESSOR = ClassDesc.of(Cpu.class.getName());
    private static final ClassDesc MISS = ClassDesc.of(Miss.class.getName());
    private static final ClassDesc FAULT = ClassDesc.of(GuestFault.class.getName());
    private static final ClassDesc CHECKS = ClassDesc.of(Checks.class.getName());
    private static final MethodTypeDesc LONG_TO_LONG = MethodTypeDesc.of(ConstantDescs.CD_long, ConstantDescs.CD_long);

    private final Plan plan;
    private final CodeBuilder code;
    private final Body b;
    private final Exits exits = new Exits();
    private final Label leave;
    private final Label[] labels;
    private int current;

    RegionEmitter(Plan plan, CodeBuilder code, long usedInAll, long dirtyInAll) {
        this.plan = plan;
        this.code = code;
        this.leave = code.newLabel();
        this.b = new Body(code, exits, leave, usedInAll, dirtyInAll);
        this.labels = new Label[plan.parts().size()];
        for (int n = 0; n < labels.length; n++) {
            labels[n] = code.newLabel();
        }
    }

    Body body() {
        return b;
    }

    Exits exits() {
        return exits;
    }

    void emit() {
        Label entry = code.newLabel();
        Label start = code.newLabel();
        Label end = code.newLabel();
        code.goto_(entry);
        code.labelBinding(start);
        for (current = 0; current < labels.length; current++) {
            if (plan.isReached(current)) {
                part(plan.parts().get(current));
            }
        }
        code.labelBinding(end);
        for (ClassDesc thrown : List.of(MISS, FAULT)) {
            Label handler = code.newLabel();
            code.labelBinding(handler).pop().goto_(leave).exceptionCatch(start, end, handler, thrown);
        }
        code.labelBinding(leave);
        b.locals.store(b.locals.dirty());
        if (b.flagsDirty()) {
            b.spillFlags();
        }
        code.aload(Body.CPU).lload(Body.TARGET).putfield(PROCESSOR, "rip", ConstantDescs.CD_long);
        code.iload(Body.EXIT).i2l().loadConstant(40).lshl();
        code.iload(Body.FLAG_KIND).i2l().loadConstant(32).lshl().lor();
        code.iload(Body.BUDGET).i2l().loadConstant(0xffff_ffffL).land().lor().lreturn();
        code.labelBinding(entry);
        // Calls that only see whether it is compiled: see Ripening.
        Label wanted = code.newLabel();
        code.iload(Body.BUDGET).ifge(wanted).loadConstant(0L).lreturn().labelBinding(wanted);
        b.locals.start();
        b.locals.load(b.locals.used());
        b.reloadFlags();
        code.loadConstant(0).istore(Body.EXIT).loadConstant(0).istore(Body.FLAG_KIND);
        code.loadConstant(0L).lstore(Body.TARGET).goto_(labels[0]);
    }

    private void part(Part part) {
        code.labelBinding(labels[current]);
        b.forgetExit();
        b.kind = plan.kindAt(current);
        b.startPart(part.delta());
        int count = part.count();
        code.iinc(Body.BUDGET, -count);
        int straight = part.ending() == Part.Ending.NEXT ? count : part.insns().size() - 1;
        boolean[] unread = FlagLiveness.unread(part.insns().subList(0, straight));
        for (int n = 0; n < straight; n++) {
            Insn i = part.insns().get(n);
            b.flagsAround(n > 0 && unread[n - 1], unread[n]);
            Rule rule = Rules.of(i);
            int after = rule.after().kind(i, b.kind);
            b.startInsn(part.deltaOf(n), count - n);
            rule.emitter().emit(b, i);
            if (b.kind != after) {
                throw new IllegalStateException("flags after " + i.row().mnemonic() + " are " + b.kind);
            }
        }
        b.flagsAround(false, false);
        if (part.ending() == Part.Ending.NEXT) {
            if (plan.at(part.next()) == null && b.kind != FlagKind.DYNAMIC) {
                // The next region starts with flags of the processor's own form: here it is known how to make them.
                b.canonical();
            }
            transfer(part.next());
        } else {
            b.startInsn(part.deltaOf(straight), count - straight);
            ending(part, part.last());
        }
    }

    private void ending(Part part, Insn i) {
        switch (part.ending()) {
            case JUMP -> transfer(part.target());
            case BRANCH -> {
                Label taken = code.newLabel();
                Conditions.branch(b, i.opcode() & 15, taken);
                twoWays(part, taken);
            }
            case LOOP -> {
                Label taken = code.newLabel();
                b.get(Cpu.RCX);
                b.constant(-1);
                code.ladd().dup2();
                b.put(Cpu.RCX);
                b.constant(0);
                code.lcmp().ifne(taken);
                twoWays(part, taken);
            }
            case CALL -> {
                push(part);
                transfer(part.target());
            }
            case RETURN -> ret(part, i);
            case COMPUTED_JUMP -> {
                target(i);
                computed(part);
            }
            case COMPUTED_CALL -> {
                target(i);
                push(part);
                computed(part);
            }
            default -> b.leave(exits.direct(part.deltaOf(part.count()), 0, b.kind));
        }
    }

    private void twoWays(Part part, Label taken) {
        int kind = b.kind;
        transfer(part.next());
        code.labelBinding(taken);
        b.kind = kind;
        b.forgetExit();
        transfer(part.target());
    }

    /** Goes on at a place in the region, or leaves for it. Every jump back looks at the budget. */
    private void transfer(long delta) {
        Integer to = plan.at(delta);
        if (to == null) {
            b.leave(exits.direct(delta, 0, b.kind));
            return;
        }
        if (to <= current) {
            Label on = code.newLabel();
            code.iload(Body.BUDGET).ifge(on);
            b.leave(exits.budget(delta, b.kind));
            code.labelBinding(on);
        }
        if (plan.kindAt(to) == FlagKind.DYNAMIC && b.kind != FlagKind.DYNAMIC) {
            code.loadConstant(b.kind).istore(Body.FLAG_KIND);
        }
        code.goto_(labels[to]);
        b.forgetExit();
    }

    /** Stores the target of a computed jump. */
    private void target(Insn i) {
        b.raw(Operand.of(i, 0));
        check();
        code.lstore(Body.TARGET);
    }

    private void check() {
        b.mayMiss();
        b.call(CHECKS, "canonical", LONG_TO_LONG);
    }

    private void push(Part part) {
        code.lload(Body.BASE);
        b.constant(part.next());
        code.ladd().lstore(Body.A);
        MoveRules.push(b, Body.A);
    }

    private void ret(Part part, Insn i) {
        b.get(Cpu.RSP);
        b.loadAt(8);
        check();
        code.lstore(Body.TARGET);
        boolean dropsMore = !i.row().args().isEmpty() && i.row().args().get(0) == Arg.Iw;
        MoveRules.drop(b, 8 + (dropsMore ? i.immediate() : 0));
        computed(part);
    }

    /** Goes on where {@link Body#TARGET} says. */
    private void computed(Part part) {
        for (Long place : plan.compared(part)) {
            Label other = code.newLabel();
            code.lload(Body.TARGET).lload(Body.BASE);
            b.constant(place);
            code.ladd().lcmp().ifne(other);
            int kind = b.kind;
            transfer(place);
            code.labelBinding(other);
            b.kind = kind;
            b.forgetExit();
        }
        b.leave(exits.computed(b.kind));
    }
}
