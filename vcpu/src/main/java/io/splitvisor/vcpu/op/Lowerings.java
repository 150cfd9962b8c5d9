// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.decode.Decoder;
import io.splitvisor.vcpu.decode.Insn;
import io.splitvisor.vcpu.decode.OpcodeTable;
import io.splitvisor.vcpu.decode.Row;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Finds the operation of an instruction. Every row of the opcode table has one: a missing one fails the class. */
public final class Lowerings {
    private static final Lowering[] BY_ROW = byRow();

    private Lowerings() {}

    /** The operation of a decoded instruction; #UD or #GP if its bytes are none. */
    public static Op lower(Insn i) {
        if (isTooLong(i)) {
            return new TooLong();
        }
        return i.row() == null ? new Undefined() : BY_ROW[i.row().id()].lower(i);
    }

    /** Whether nothing of the same block may follow: the flow, the mode, or what is pending may have changed. */
    static boolean endsBlock(Insn i) {
        return i.row() == null || i.row().has(Row.ENDS_BLOCK) || isTooLong(i);
    }

    /** Whether it pushes an address for a near return. */
    static boolean isNearCall(Insn i) {
        return i.row() != null && i.row().mnemonic().equals("call") && !isTooLong(i);
    }

    static boolean isTooLong(Insn i) {
        return i.length() > Decoder.MAX_LENGTH;
    }

    private static Lowering[] byRow() {
        Map<String, Lowering> byMnemonic = new HashMap<>();
        List.of(
                        Arithmetic.LOWERINGS,
                        Shifts.LOWERINGS,
                        MultiplyDivide.LOWERINGS,
                        Moves.LOWERINGS,
                        Bits.LOWERINGS,
                        Exchanges.LOWERINGS,
                        FlagOps.LOWERINGS,
                        Flow.LOWERINGS,
                        Stack.LOWERINGS,
                        Strings.LOWERINGS,
                        Ports.LOWERINGS,
                        SegmentMoves.LOWERINGS,
                        FarFlow.LOWERINGS,
                        SystemOps.LOWERINGS,
                        X87Arithmetic.LOWERINGS,
                        X87Moves.LOWERINGS,
                        X87Stores.LOWERINGS,
                        X87Control.LOWERINGS,
                        X87State.LOWERINGS,
                        FxState.LOWERINGS,
                        VectorMoves.LOWERINGS,
                        VectorIntegers.LOWERINGS,
                        VectorShuffles.LOWERINGS,
                        VectorTests.LOWERINGS,
                        VectorCrypto.LOWERINGS,
                        SseControl.LOWERINGS,
                        SseFloats.LOWERINGS,
                        SseConversions.LOWERINGS)
                .forEach(byMnemonic::putAll);
        List<Row> rows = OpcodeTable.instance().rows();
        Lowering[] result = new Lowering[rows.size()];
        for (Row row : rows) {
            Lowering found = byMnemonic.get(row.mnemonic());
            result[row.id()] = found != null ? found : conditional(row);
        }
        return result;
    }

    /** Whether a mnemonic is that of a jump that depends on a condition code. */
    static boolean isConditionalJump(String mnemonic) {
        return mnemonic.startsWith("j") && !mnemonic.startsWith("jmp") && !mnemonic.equals("jcxz");
    }

    private static Lowering conditional(Row row) {
        String name = row.mnemonic();
        if (name.startsWith("set") || name.startsWith("cmov")) {
            return Moves::conditional;
        }
        if (isConditionalJump(name)) {
            return Flow::conditional;
        }
        throw new IllegalStateException("no operation for " + name);
    }

    /** An instruction of more than 15 bytes. */
    private static final class TooLong extends Op {
        @Override
        public void exec(Cpu c) {
            throw c.gp(0);
        }
    }
}
