// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.disasm;

import io.splitvisor.vcpu.decode.Arg;
import io.splitvisor.vcpu.decode.Insn;
import java.util.Locale;
import java.util.StringJoiner;

/** The text of one instruction. */
final class IntelText {
    private final Insn i;
    private final long address;
    private String comment = "";

    IntelText(Insn i, long address) {
        this.i = i;
        this.address = address;
    }

    String text() {
        StringJoiner operands = new StringJoiner(",");
        boolean first = true;
        for (Arg arg : i.row().args()) {
            operands.add(operand(arg, first));
            first &= arg.kind() != Arg.Kind.IMM;
        }
        String prefix = i.lock() ? "lock " : "";
        String all = prefix + i.row().mnemonic() + (operands.length() > 0 ? " " + operands : "");
        return all + comment;
    }

    private String operand(Arg arg, boolean firstImmediate) {
        int size = arg.size(i);
        return switch (arg.kind()) {
            case RM, MEMORY -> i.hasMemory() ? memory(size) : general(i.rm(), size);
            case XMM_RM -> i.hasMemory() ? memory(size) : "xmm" + i.rm();
            case XMM_REG -> "xmm" + i.reg();
            case REG -> general(i.reg(), size);
            case OPCODE_REG -> general(i.opcodeRegister(), size);
            case IMM -> hex(cut(firstImmediate ? i.immediate() : i.immediate2(), size));
            case REL -> hex(target());
            case FAR -> hex(i.immediate2()) + ":" + hex(i.immediate());
            case OFFSET -> Names.pointer(size) + segment(true) + hex(i.immediate());
            case ACC -> general(0, size);
            case COUNT -> "cl";
            case PORT -> "dx";
            case ONE -> "1";
            case SEGMENT -> Names.SEGMENTS[i.reg() & 7];
            case FIXED_SEGMENT -> arg.name().toLowerCase(Locale.ROOT);
            case CONTROL -> "cr" + i.reg();
            case DEBUG -> "dr" + i.reg();
            case SOURCE -> Names.pointer(size) + segment(true) + "[" + general(6, i.addressBytes()) + "]";
            case DESTINATION -> Names.pointer(size) + "es:[" + general(7, i.addressBytes()) + "]";
        };
    }

    private String general(int number, int size) {
        return Names.general(number, size, i.hasRex());
    }

    private String segment(boolean always) {
        if (i.segmentOverride() != Insn.NO_SEGMENT) {
            return Names.SEGMENTS[i.segmentOverride()] + ":";
        }
        return always ? "ds:" : "";
    }

    private String memory(int size) {
        int bytes = i.addressBytes();
        long displacement = i.displacement();
        boolean bare = i.base() == Insn.NO_REGISTER && i.index() == Insn.NO_REGISTER;
        if (bare) {
            return Names.pointer(size) + segment(true) + hex(cut(displacement, bytes));
        }
        StringBuilder b =
                new StringBuilder(Names.pointer(size)).append(segment(false)).append('[');
        if (i.base() == Insn.BLOCK_START) {
            long target = address + displacement;
            comment = "        # " + hex(cut(target, bytes));
            return b.append(bytes == 8 ? "rip+" : "eip+")
                    .append(hex(cut(displacement - i.length(), bytes)))
                    .append(']')
                    .toString();
        }
        if (i.base() != Insn.NO_REGISTER) {
            b.append(general(i.base(), bytes));
        }
        if (i.index() != Insn.NO_REGISTER) {
            b.append(i.base() != Insn.NO_REGISTER ? "+" : "").append(general(i.index(), bytes));
            b.append(bytes == 2 ? "" : "*" + (1 << i.scale()));
        }
        if (displacement != 0) {
            b.append(displacement < 0 ? "-" : "+").append(hex(Math.abs(displacement)));
        }
        return b.append(']').toString();
    }

    private long target() {
        long to = address + i.length() + i.immediate();
        return i.mode() == Insn.MODE64 ? to : cut(to, i.operandBytes());
    }

    private static long cut(long value, int bytes) {
        return bytes >= 8 ? value : value & (1L << (8 * bytes)) - 1;
    }

    private static String hex(long value) {
        return "0x" + Long.toHexString(value);
    }
}
