// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.translate;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.decode.Arg;
import io.splitvisor.vcpu.decode.Insn;
import io.splitvisor.vcpu.op.Lowerings;
import io.splitvisor.vcpu.op.Op;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;

/**
 * Instructions that have no translation and do not end a block: the region calls the interpreter's operation, with the registers
 * brought to the processor before, and back after. Instructions on XMM registers alone touch neither general registers nor
 * flags, so that little has to be moved.
 */
final class InterpretedRule {
    static final Rule RULE = new Rule(
                    i -> true, (i, kind) -> touchesFlags(i) ? FlagKind.CANONICAL : kind, InterpretedRule::emit)
            .leaving();

    private static final ClassDesc CPU = ClassDesc.of(Cpu.class.getName());
    private static final ClassDesc OP = ClassDesc.of(Op.class.getName());
    private static final ClassDesc REGION = ClassDesc.of(RegionCode.class.getName());
    private static final MethodTypeDesc EXEC = MethodTypeDesc.of(ConstantDescs.CD_void, CPU);

    private InterpretedRule() {}

    /** Whether it has an XMM operand. */
    private static boolean isVector(Insn i) {
        return i.row().args().stream().anyMatch(a -> a.kind() == Arg.Kind.XMM_REG || a.kind() == Arg.Kind.XMM_RM);
    }

    private static boolean touchesFlags(Insn i) {
        String name = i.row().mnemonic();
        return !isVector(i) || name.contains("comis") || name.equals("ptest") || comparesStrings(name);
    }

    /** SSE4.2's string comparisons write ECX and flags. */
    private static boolean comparesStrings(String name) {
        return name.startsWith("pcmp") && name.contains("str");
    }

    private static void emit(Body b, Insn i) {
        boolean flags = touchesFlags(i);
        if (flags) {
            b.canonical();
            b.spillFlags();
        }
        b.spillRegisters();
        // Addresses relative to it count from there, and so do the pointers that x87 instructions leave.
        if (i.base() == Insn.BLOCK_START || !isVector(i)) {
            b.code.aload(Body.REGISTERS).loadConstant(Cpu.BLOCK).lload(Body.BASE);
            b.constant(b.partDelta());
            b.code.ladd().lastore();
        }
        b.setFaultExit();
        b.code.aload(0)
                .getfield(REGION, "ops", OP.arrayType())
                .loadConstant(b.operation(Lowerings.lower(i)))
                .aaload()
                .aload(Body.CPU)
                .invokevirtual(OP, "exec", EXEC);
        b.reloadRegisters();
        if (flags) {
            b.reloadFlags();
            b.flagsAre(FlagKind.CANONICAL);
        }
    }
}
