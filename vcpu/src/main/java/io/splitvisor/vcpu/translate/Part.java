// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.translate;

import io.splitvisor.vcpu.decode.Arg;
import io.splitvisor.vcpu.decode.Decoder;
import io.splitvisor.vcpu.decode.Insn;
import io.splitvisor.vcpu.decode.Row;
import java.util.ArrayList;
import java.util.List;

/**
 * A block of guest code in a region.
 *
 * @param delta where it starts, counted from the region's entry
 * @param insns its instructions
 * @param ending how it ends
 * @param length bytes
 * @param observed targets of a computed jump that have been seen, counted from the region's entry
 */
public record Part(long delta, List<Insn> insns, Ending ending, int length, List<Long> observed) {
    /** How a block ends. */
    public enum Ending {
        /** It runs into the next block. */
        NEXT,
        /** With a direct jump. */
        JUMP,
        /** With a conditional jump. */
        BRANCH,
        /** With LOOP. */
        LOOP,
        /** With a direct call. */
        CALL,
        /** With a return. */
        RETURN,
        /** With a jump to a computed address. */
        COMPUTED_JUMP,
        /** With a call of a computed address. */
        COMPUTED_CALL,
        /** With an instruction that only the interpreter executes. */
        INTERPRET
    }

    /**
     * Decodes a block.
     *
     * @param code its bytes
     * @param count its instructions
     * @return null if they are not what was decoded before
     */
    public static Part of(Decoder decoder, long delta, byte[] code, int count, List<Long> observed) {
        List<Insn> insns = new ArrayList<>(count);
        int at = 0;
        while (at < code.length) {
            Insn i = decoder.decode(n -> n < code.length ? code[n] & 0xff : 0, at, Insn.MODE64)
                    .copy();
            insns.add(i);
            at += i.length();
        }
        if (at != code.length || insns.size() != count) {
            return null;
        }
        return new Part(delta, insns, ending(insns.getLast()), code.length, observed);
    }

    private static Ending ending(Insn last) {
        if (last.row() == null || last.length() > Decoder.MAX_LENGTH) {
            return Ending.INTERPRET;
        }
        if (!last.row().has(Row.ENDS_BLOCK)) {
            return Ending.NEXT;
        }
        String name = last.row().mnemonic();
        Arg.Kind kind =
                last.row().args().isEmpty() ? null : last.row().args().get(0).kind();
        boolean computed = kind == Arg.Kind.RM;
        return switch (name) {
            case "jmp" -> kind == Arg.Kind.REL ? Ending.JUMP : computed ? Ending.COMPUTED_JUMP : Ending.INTERPRET;
            case "call" -> kind == Arg.Kind.REL ? Ending.CALL : computed ? Ending.COMPUTED_CALL : Ending.INTERPRET;
            case "ret" -> Ending.RETURN;
            case "loop" -> last.addressBytes() == 8 ? Ending.LOOP : Ending.INTERPRET;
            case "loope", "loopne", "jcxz" -> Ending.INTERPRET;
            default -> kind == Arg.Kind.REL ? Ending.BRANCH : Ending.INTERPRET;
        };
    }

    /** Its last instruction. */
    public Insn last() {
        return insns.getLast();
    }

    /** Instructions that translated code executes. */
    public int count() {
        return ending == Ending.INTERPRET ? insns.size() - 1 : insns.size();
    }

    /** Where an instruction of it starts, counted from the region's entry. */
    long deltaOf(int insn) {
        return delta + insns.get(insn).start();
    }

    /** What follows it in memory, counted from the region's entry. */
    public long next() {
        return delta + length;
    }

    /** Where its direct jump goes. */
    long target() {
        return next() + last().immediate();
    }

    /** Direct targets, the likelier ones first, counted from the region's entry; and where calls return to. */
    public List<Long> successors() {
        return switch (ending) {
            case NEXT -> List.of(next());
            case JUMP -> List.of(target());
            case BRANCH, LOOP -> List.of(next(), target());
            case CALL -> List.of(target(), next());
            case COMPUTED_CALL -> {
                List<Long> all = new ArrayList<>(observed);
                all.add(next());
                yield all;
            }
            case COMPUTED_JUMP, RETURN -> observed;
            case INTERPRET -> List.of();
        };
    }

    boolean isCall() {
        return ending == Ending.CALL || ending == Ending.COMPUTED_CALL;
    }
}
