// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.decode;

import java.util.HashMap;
import java.util.Map;

/** An operand of a table row, in the letters of the SDM's opcode map (volume 2, appendix A). */
public enum Arg {
    /** ModRM register or memory. */
    Eb(Kind.RM, 1),
    Ew(Kind.RM, 2),
    Ed(Kind.RM, 4),
    Eq(Kind.RM, 8),
    Ev(Kind.RM, Arg.OPERAND_SIZE),
    /** 32 bits, or 64 with REX.W. */
    Ey(Kind.RM, Arg.DOUBLE_OR_QUAD),
    /** A 16-bit memory operand or a register of operand size. */
    Em(Kind.RM, Arg.WORD_IN_MEMORY),
    /** A byte or a word in memory, or a register of 32 bits, of 64 with REX.W. */
    RdMb(Kind.RM, Arg.BYTE_IN_MEMORY),
    RdMw(Kind.RM, Arg.WORD_IN_MEMORY_OR_WIDE),
    /** Memory only, size by the instruction. */
    M(Kind.MEMORY, 0),
    My(Kind.MEMORY, Arg.DOUBLE_OR_QUAD),
    /** Memory only, of fixed sizes. */
    Mb(Kind.MEMORY, 1),
    Mw(Kind.MEMORY, 2),
    Md(Kind.MEMORY, 4),
    Mq(Kind.MEMORY, 8),
    Mt(Kind.MEMORY, 10),
    Mo(Kind.MEMORY, 16),
    /** Far pointer in memory. */
    Mp(Kind.MEMORY, 0),
    /** ModRM register field. */
    Gb(Kind.REG, 1),
    Gw(Kind.REG, 2),
    Gv(Kind.REG, Arg.OPERAND_SIZE),
    Gy(Kind.REG, Arg.DOUBLE_OR_QUAD),
    /** The same, of full machine size. */
    Gm(Kind.REG, Arg.MACHINE_SIZE),
    /** ModRM rm field, register only, of full machine size. */
    Rm(Kind.RM, Arg.MACHINE_SIZE),
    /** Register in the opcode's low bits. */
    Zb(Kind.OPCODE_REG, 1),
    Zv(Kind.OPCODE_REG, Arg.OPERAND_SIZE),
    /** Immediates: unsigned byte, sign-extended byte, word, up to 32 bits sign-extended, up to 64 bits. */
    Ib(Kind.IMM, 1),
    Is(Kind.IMM, Arg.SIGNED_BYTE),
    Iw(Kind.IMM, 2),
    Iz(Kind.IMM, Arg.UP_TO_32),
    Iv(Kind.IMM, Arg.OPERAND_SIZE),
    /** Relative branch targets. */
    Jb(Kind.REL, 1),
    Jz(Kind.REL, Arg.UP_TO_32),
    /** Direct far pointer. */
    Ap(Kind.FAR, 0),
    /** Memory at an absolute offset. */
    Ob(Kind.OFFSET, 1),
    Ov(Kind.OFFSET, Arg.OPERAND_SIZE),
    /** Fixed registers. */
    AL(Kind.ACC, 1),
    AX(Kind.ACC, 2),
    EAX(Kind.ACC, Arg.UP_TO_32),
    RAX(Kind.ACC, Arg.OPERAND_SIZE),
    CL(Kind.COUNT, 1),
    DX(Kind.PORT, 2),
    /** The constant one. */
    ONE(Kind.ONE, 1),
    /** Segment register: ModRM, or fixed. */
    Sw(Kind.SEGMENT, 2),
    ES(Kind.FIXED_SEGMENT, 2),
    CS(Kind.FIXED_SEGMENT, 2),
    SS(Kind.FIXED_SEGMENT, 2),
    DS(Kind.FIXED_SEGMENT, 2),
    FS(Kind.FIXED_SEGMENT, 2),
    GS(Kind.FIXED_SEGMENT, 2),
    /** Control and debug registers. */
    Cr(Kind.CONTROL, Arg.MACHINE_SIZE),
    Dr(Kind.DEBUG, Arg.MACHINE_SIZE),
    /** String operands: source at rSI, destination at rDI. */
    Xb(Kind.SOURCE, 1),
    Xv(Kind.SOURCE, Arg.OPERAND_SIZE),
    Xz(Kind.SOURCE, Arg.UP_TO_32),
    Yb(Kind.DESTINATION, 1),
    Yv(Kind.DESTINATION, Arg.OPERAND_SIZE),
    Yz(Kind.DESTINATION, Arg.UP_TO_32),
    /** XMM register in the ModRM register field. */
    V(Kind.XMM_REG, 16),
    /** XMM register or memory, of 2 to 16 bytes. */
    Ww(Kind.XMM_RM, 2),
    Wd(Kind.XMM_RM, 4),
    Wq(Kind.XMM_RM, 8),
    Wx(Kind.XMM_RM, 16),
    /** XMM register in ModRM's rm field. */
    U(Kind.XMM_RM, 16),
    /** XMM0. */
    X0(Kind.XMM_ZERO, 16),
    /** MMX register in the ModRM register field. */
    P(Kind.MMX_REG, 8),
    /** MMX register or memory, of 4 or 8 bytes. */
    Qd(Kind.MMX_RM, 4),
    Q(Kind.MMX_RM, 8),
    /** MMX register in ModRM's rm field. */
    N(Kind.MMX_RM, 8),
    /** ST(0), and the x87 register in ModRM's rm field. */
    ST(Kind.X87_TOP, 10),
    Ti(Kind.X87_RM, 10);

    /** Where an operand comes from. */
    public enum Kind {
        /** ModRM rm: register or memory. */
        RM,
        /** ModRM rm: memory only. */
        MEMORY,
        /** ModRM reg. */
        REG,
        /** The opcode's low three bits. */
        OPCODE_REG,
        /** Immediate. */
        IMM,
        /** Branch displacement. */
        REL,
        /** Selector and offset in the instruction. */
        FAR,
        /** Absolute offset in the instruction. */
        OFFSET,
        /** Accumulator. */
        ACC,
        /** CL. */
        COUNT,
        /** DX. */
        PORT,
        /** One. */
        ONE,
        /** Segment register in ModRM reg. */
        SEGMENT,
        /** Segment register named by the row. */
        FIXED_SEGMENT,
        /** Control register in ModRM reg. */
        CONTROL,
        /** Debug register in ModRM reg. */
        DEBUG,
        /** String source. */
        SOURCE,
        /** String destination. */
        DESTINATION,
        /** XMM register in ModRM reg. */
        XMM_REG,
        /** ModRM rm: XMM register or memory. */
        XMM_RM,
        /** XMM0. */
        XMM_ZERO,
        /** MMX register in ModRM reg. */
        MMX_REG,
        /** ModRM rm: MMX register or memory. */
        MMX_RM,
        /** ST(0). */
        X87_TOP,
        /** ModRM rm: x87 register. */
        X87_RM;

        /** Whether it is behind the opcode, ModRM and the address. */
        boolean isTrailer() {
            return this == IMM || this == REL || this == FAR || this == OFFSET;
        }

        /** Whether it is in the ModRM byte, or behind it. */
        public boolean inModRm() {
            return switch (this) {
                case RM, MEMORY, REG, SEGMENT, CONTROL, DEBUG, XMM_REG, XMM_RM, MMX_REG, MMX_RM, X87_RM -> true;
                default -> false;
            };
        }
    }

    static final int OPERAND_SIZE = -1;
    static final int DOUBLE_OR_QUAD = -2;
    static final int MACHINE_SIZE = -3;
    static final int UP_TO_32 = -4;
    static final int SIGNED_BYTE = -5;
    static final int WORD_IN_MEMORY = -6;
    static final int BYTE_IN_MEMORY = -7;
    static final int WORD_IN_MEMORY_OR_WIDE = -8;

    private static final Map<String, Arg> BY_NAME = new HashMap<>();

    static {
        for (Arg arg : values()) {
            BY_NAME.put(arg.name(), arg);
        }
        BY_NAME.put("1", ONE);
    }

    private final Kind kind;
    private final int size;

    Arg(Kind kind, int size) {
        this.kind = kind;
        this.size = size;
    }

    static Arg named(String name) {
        Arg arg = BY_NAME.get(name);
        if (arg == null) {
            throw new IllegalArgumentException("no operand " + name);
        }
        return arg;
    }

    /** Where it comes from. */
    public Kind kind() {
        return kind;
    }

    /** Bytes of the operand in an instruction; of a branch or a sign-extended immediate, those of what it is used as. */
    public int size(Insn i) {
        return switch (size) {
            case OPERAND_SIZE, SIGNED_BYTE -> i.operandBytes();
            case DOUBLE_OR_QUAD -> wide(i);
            case BYTE_IN_MEMORY -> i.hasMemory() ? 1 : wide(i);
            case WORD_IN_MEMORY_OR_WIDE -> i.hasMemory() ? 2 : wide(i);
            case MACHINE_SIZE -> i.mode() == Insn.MODE64 ? 8 : 4;
            case UP_TO_32 -> kind == Kind.IMM ? i.operandBytes() : Math.min(i.operandBytes(), 4);
            case WORD_IN_MEMORY -> i.hasMemory() ? 2 : i.operandBytes();
            default -> size;
        };
    }

    /** Whether an operand prefix changes its size. */
    public boolean followsOperandSize() {
        return switch (size) {
            case OPERAND_SIZE, SIGNED_BYTE, UP_TO_32, WORD_IN_MEMORY -> true;
            default -> false;
        };
    }

    /** Whether only REX.W changes its size. */
    public boolean followsRexW() {
        return switch (size) {
            case DOUBLE_OR_QUAD, BYTE_IN_MEMORY, WORD_IN_MEMORY_OR_WIDE -> true;
            default -> false;
        };
    }

    private static int wide(Insn i) {
        return i.operandBytes() == 8 ? 8 : 4;
    }
}
