// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.disasm;

import io.splitvisor.vcpu.decode.Arg;
import io.splitvisor.vcpu.decode.Insn;
import io.splitvisor.vcpu.decode.Row;
import java.util.Locale;
import java.util.Set;
import java.util.StringJoiner;

/** The text of one instruction. */
final class IntelText {
    private static final Set<String> BYTE_POINTERS = Set.of(
            "invlpg",
            "clflush",
            "prefetchnta",
            "prefetcht0",
            "prefetcht1",
            "prefetcht2",
            "prefetch",
            "prefetchw",
            "prefetchwt1");
    /** Whose operand prefix objdump does not show where REX.W overrules it. */
    private static final Set<String> HIDE_OPERAND_PREFIX = Set.of("movsxd", "bsf", "bsr");

    /** Bits of REX. */
    private static final int B = 1;

    private static final int X = 2;
    private static final int R = 4;
    private static final int W = 8;

    private final Insn i;
    private final long address;
    private final Prefixes prefixes;
    private final String mnemonic;
    private String comment = "";
    private int rexUsed;
    private boolean byteRegister;

    IntelText(Insn i, long address, Prefixes prefixes) {
        this.i = i;
        this.address = address;
        this.prefixes = prefixes;
        this.mnemonic = Spelling.of(i, prefixes);
    }

    String text() {
        StringJoiner operands = new StringJoiner(",");
        boolean first = true;
        boolean none = i.row().mnemonic().equals("xchg") && !mnemonic.equals("xchg");
        boolean implied = none || mnemonic.startsWith("endbr") || mnemonic.equals("xlat");
        for (Arg arg : i.row().args()) {
            boolean named = arg.kind() == Arg.Kind.IMM && Spelling.hasPredicate(i);
            if (!implied && !named) {
                operands.add(operand(arg, first));
            }
            first &= arg.kind() != Arg.Kind.IMM;
        }
        if (i.row().mnemonic().equals("xlat")) {
            operands.add("BYTE PTR " + segment(true) + "[" + general(3, i.addressBytes()) + "]");
            prefixes.use(0x67);
        }
        mandatory();
        sizes();
        String all = mnemonic + hint() + (operands.length() > 0 ? " " + operands : "");
        return prefixes.rest() + all + comment;
    }

    /** Which prefixes chose the row. */
    private void mandatory() {
        Row row = i.row();
        if (row.prefix() > 0) {
            prefixes.use(row.prefix());
        }
    }

    /** What remains of prefixes that change sizes. */
    private void sizes() {
        boolean sized = i.row().args().stream().anyMatch(a -> a.followsOperandSize() && !(a == Arg.Em && i.hasMemory()))
                && !BYTE_POINTERS.contains(mnemonic);
        boolean hidden = !i.rexW()
                || HIDE_OPERAND_PREFIX.contains(i.row().mnemonic())
                || (i.opcode() == 0x90 && mnemonic.equals("xchg"));
        if (sized && hidden && !i.row().has(Row.FORCE64)) {
            prefixes.use(0x66);
        }
        boolean wide = i.row().args().stream().anyMatch(this::followsRexW);
        if ((wide || Spelling.showsRexW(i))
                && !i.row().has(Row.FORCE64)
                && !i.row().has(Row.DEFAULT64)) {
            rexUsed |= W;
        }
        int rex = prefixes.rex();
        if ((rex & 15 & ~rexUsed) == 0 && (rex != 0x40 || byteRegister)) {
            prefixes.useRex();
        }
    }

    private boolean followsRexW(Arg arg) {
        boolean selector = arg == Arg.Em && i.hasMemory();
        boolean port = BYTE_POINTERS.contains(mnemonic) || arg == Arg.EAX || arg == Arg.Xz || arg == Arg.Yz;
        return !selector && !port && !isShort(arg) && (arg.followsOperandSize() || arg.followsRexW());
    }

    /** A register of which only a byte or a word counts is shown as one of 32 bits. */
    private boolean isShort(Arg arg) {
        boolean shortSource = mnemonic.equals("pextrw") || mnemonic.equals("pextrb");
        return arg == Arg.RdMb || arg == Arg.RdMw || (arg == Arg.Gy && shortSource);
    }

    /** Conditional jumps carry their segment prefix as a hint. */
    private String hint() {
        boolean conditional = i.row().args().size() == 1
                && i.row().args().get(0).kind() == Arg.Kind.REL
                && i.row().mnemonic().startsWith("j")
                && !i.row().mnemonic().startsWith("jm");
        if (!conditional) {
            return "";
        }
        for (int prefix : new int[] {0x2e, 0x3e}) {
            if (prefixes.has(prefix)) {
                prefixes.use(prefix);
                return prefix == 0x2e ? ",pn" : ",pt";
            }
        }
        return "";
    }

    private String operand(Arg arg, boolean firstImmediate) {
        int size = arg.size(i);
        return switch (arg.kind()) {
            case RM, MEMORY -> i.hasMemory() ? memory(pointer(arg, size)) : general(rm(), shownSize(arg, size));
            case XMM_RM -> i.hasMemory() ? memory(pointer(arg, size)) : "xmm" + rm();
            case MMX_RM -> i.hasMemory() ? memory(pointer(arg, size)) : "mm" + (i.rm() & 7);
            case X87_RM -> "st(" + (i.rm() & 7) + ")";
            case X87_TOP -> "st";
            case XMM_REG -> "xmm" + reg();
            case MMX_REG -> "mm" + (i.reg() & 7);
            case XMM_ZERO -> "xmm0";
            case REG -> general(reg(), isShort(arg) ? 4 : size);
            case OPCODE_REG -> {
                rexUsed |= B;
                yield general(i.opcodeRegister(), size);
            }
            case IMM -> hex(cut(firstImmediate ? i.immediate() : i.immediate2(), size));
            case REL -> hex(target());
            case FAR -> hex(i.immediate2()) + ":" + hex(i.immediate());
            case OFFSET -> {
                if (i.mode() != Insn.MODE64) {
                    prefixes.use(0x67);
                }
                yield segment(true) + hex(i.immediate());
            }
            case ACC -> Names.general(0, size, false);
            case COUNT -> "cl";
            case PORT -> "dx";
            case ONE -> "1";
            case SEGMENT -> Names.SEGMENTS[i.reg() & 7];
            case FIXED_SEGMENT -> arg.name().toLowerCase(Locale.ROOT);
            case CONTROL -> "cr" + reg();
            case DEBUG -> "dr" + reg();
            case SOURCE -> {
                prefixes.use(0x67);
                yield Names.pointer(size) + segment(true) + "[" + general(6, i.addressBytes()) + "]";
            }
            case DESTINATION -> {
                prefixes.use(0x67);
                yield Names.pointer(size) + "es:[" + general(7, i.addressBytes()) + "]";
            }
        };
    }

    private int reg() {
        rexUsed |= R;
        return i.reg();
    }

    private int rm() {
        rexUsed |= B;
        return i.rm();
    }

    private String general(int number, int size) {
        byteRegister |= size == 1 && number >= 4;
        return Names.general(number, size, i.hasRex());
    }

    /** Selectors in registers are shown in registers of the operand size. */
    private int shownSize(Arg arg, int size) {
        if (isShort(arg)) {
            return 4;
        }
        if (arg == Arg.Ew && i.row().args().get(0) == Arg.Sw) {
            prefixes.use(i.rexW() ? 0 : 0x66);
            rexUsed |= W;
            return i.operandBytes();
        }
        return size;
    }

    private String pointer(Arg arg, int size) {
        if (BYTE_POINTERS.contains(mnemonic)) {
            return "BYTE PTR ";
        }
        return switch (mnemonic) {
            case "cmpxchg8b" -> "QWORD PTR ";
            case "cmpxchg16b" -> "OWORD PTR ";
            case "bound" -> i.operandBytes() == 2 ? "DWORD PTR " : "QWORD PTR ";
            case "lddqu" -> "";
            case "call", "jmp" -> arg == Arg.Mp ? far() : Names.pointer(size);
            case "les", "lds", "lss", "lfs", "lgs" -> arg == Arg.Mp ? far() : Names.pointer(size);
            default -> arg == Arg.M ? "" : Names.pointer(size);
        };
    }

    private String far() {
        prefixes.use(0x66);
        return i.operandPrefix() != (i.mode() == Insn.MODE16) ? "DWORD PTR " : "FWORD PTR ";
    }

    private String segment(boolean always) {
        int override = i.segmentOverride();
        if (override != Insn.NO_SEGMENT) {
            prefixes.use(override < 4 ? 0x26 | override << 3 : 0x60 | override);
            return Names.SEGMENTS[override] + ":";
        }
        return always ? "ds:" : "";
    }

    private String memory(String pointer) {
        prefixes.use(0x67);
        int bytes = i.addressBytes();
        long displacement = i.displacement();
        boolean sib = bytes != 2 && (i.modRm() & 7) == 4;
        boolean hasBase = i.base() != Insn.NO_REGISTER;
        boolean hasIndex = i.index() != Insn.NO_REGISTER;
        boolean odd = hasBase ? (i.base() & 7) != 4 : i.mode() != Insn.MODE64;
        boolean zeroIndex = sib && !hasIndex && (i.scale() != 0 || odd);
        rexUsed |= B | (sib ? X : 0);
        if (!hasBase && !hasIndex && !zeroIndex) {
            return pointer + segment(true) + hex(cut(displacement, bytes));
        }
        StringBuilder b = new StringBuilder(pointer).append(segment(false)).append('[');
        if (i.base() == Insn.BLOCK_START) {
            comment = "        # " + hex(cut(address + displacement, bytes));
            return b.append(bytes == 8 ? "rip+" : "eip+")
                    .append(hex(cut(displacement - i.length(), bytes)))
                    .append(']')
                    .toString();
        }
        if (hasBase) {
            b.append(Names.general(i.base(), bytes, true));
        }
        if (hasIndex || zeroIndex) {
            String none = bytes == 8 ? "riz" : "eiz";
            b.append(hasBase ? "+" : "").append(hasIndex ? Names.general(i.index(), bytes, true) : none);
            b.append(bytes == 2 ? "" : "*" + (1 << i.scale()));
        }
        if (i.modRm() >= 0x40 || !hasBase) {
            b.append(displacement < 0 ? "-" : "+").append(hex(Math.abs(displacement)));
        }
        return b.append(']').toString();
    }

    private long target() {
        long to = address + i.length() + i.immediate();
        if (i.mode() == Insn.MODE64) {
            return to;
        }
        // A word replaces the low half of the address, a byte counts from it.
        boolean word = i.operandBytes() == 2 && i.row().args().get(0) == Arg.Jz;
        return word ? (address & 0xffff_0000L) | cut(to, 2) : cut(to, 4);
    }

    private static long cut(long value, int bytes) {
        return bytes >= 8 ? value : value & (1L << (8 * bytes)) - 1;
    }

    private static String hex(long value) {
        return "0x" + Long.toHexString(value);
    }
}
