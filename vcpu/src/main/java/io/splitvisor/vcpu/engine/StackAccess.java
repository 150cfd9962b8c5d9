// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.engine;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.decode.Arg;
import io.splitvisor.vcpu.decode.Insn;
import io.splitvisor.vcpu.mmu.GuestFault;

/**
 * Tells #SS from #GP for a non-canonical access. The hot path does not carry the segment along; the instruction is
 * decoded again when the fault has happened, which is rare.
 */
final class StackAccess {
    private static final int LARGEST_OPERAND = 512;

    private StackAccess() {}

    static boolean isThroughStack(Cpu c, BlockBuilder builder, long address) {
        Insn i;
        try {
            i = builder.decodeOne();
        } catch (GuestFault fetch) {
            // The fetch itself was what faulted.
            return false;
        }
        if (i.row() != null && i.hasMemory()) {
            if (isBitString(i)) {
                return i.memorySegment() == Cpu.SS;
            }
            long offset = c.r[i.base()] + (c.r[i.index()] << i.scale()) + i.displacement();
            long at = i.memorySegment() >= Cpu.FS ? offset + c.seg[i.memorySegment()].base() : offset;
            // The operand, or the part of it in the next page, is what faulted.
            if (address - at >= 0 && address - at < LARGEST_OPERAND) {
                return i.memorySegment() == Cpu.SS;
            }
        }
        return i.row() != null && usesStack(i);
    }

    /** Its operand may lie far from its address. */
    private static boolean isBitString(Insn i) {
        return switch (i.row().mnemonic()) {
            case "bt", "bts", "btr", "btc" -> i.row().args().get(1).kind() == Arg.Kind.REG;
            default -> false;
        };
    }

    private static boolean usesStack(Insn i) {
        String name = i.row().mnemonic();
        return name.startsWith("push")
                || (name.startsWith("pop") && !name.equals("popcnt"))
                || name.equals("call")
                || name.endsWith("ret")
                || name.equals("enter")
                || name.equals("leave");
    }
}
