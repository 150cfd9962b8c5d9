// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.translate;

import io.splitvisor.vcpu.decode.Arg;
import io.splitvisor.vcpu.decode.Insn;
import java.util.function.Predicate;

/**
 * How instructions of one mnemonic are translated.
 *
 * @param handles which of them; the others are done by the interpreter's operation
 * @param after the kind of the flag operands behind the instruction
 * @param leaves before which of them the region may be left
 * @param emitter its code
 */
record Rule(Predicate<Insn> handles, After after, Predicate<Insn> leaves, Emitter emitter) {
    /** Emits an instruction. */
    @FunctionalInterface
    interface Emitter {
        void emit(Body b, Insn i);
    }

    /** Tells what an instruction does to the kind of the flag operands. */
    @FunctionalInterface
    interface After {
        /** Flags stay. */
        After SAME = (i, kind) -> kind;
        /** They are in the processor's own form afterwards. */
        After CANONICAL = (i, kind) -> FlagKind.CANONICAL;
        /** The same; and what the instruction reads of those before it becomes flags again. */
        After MERGED = (i, kind) -> FlagKind.CANONICAL;
        /** They are read, and stay: a kind that is not known is settled. */
        After READ = (i, kind) -> kind == FlagKind.DYNAMIC ? FlagKind.CANONICAL : kind;

        int kind(Insn i, int before);

        /** The kind of an operation of the size of operand 0. */
        static After of(int operation) {
            return (i, kind) -> FlagKind.of(operation, i.row().args().get(0).size(i));
        }
    }

    Rule(Predicate<Insn> handles, After after, Emitter emitter) {
        this(handles, after, Rule::touchesMemory, emitter);
    }

    private static boolean touchesMemory(Insn i) {
        return i.hasMemory() || i.row().args().stream().anyMatch(a -> a.kind() == Arg.Kind.OFFSET);
    }

    /** An instruction with plain operands, not locked, that leaves flags alone. */
    static Rule plain(Emitter emitter) {
        return plain(After.SAME, emitter);
    }

    /** An instruction with plain operands, not locked. */
    static Rule plain(After after, Emitter emitter) {
        return new Rule(i -> !i.lock() && Operand.arePlain(i), after, emitter);
    }

    /** This rule for fewer instructions. */
    Rule when(Predicate<Insn> too) {
        return new Rule(handles.and(too), after, leaves, emitter);
    }

    /** This rule, where the region may be left for other reasons than an explicit operand in memory. */
    Rule leaving() {
        return new Rule(handles, after, i -> true, emitter);
    }

    /** This rule, where what seems to be an operand in memory is but an address. */
    Rule staying() {
        return new Rule(handles, after, i -> false, emitter);
    }
}
