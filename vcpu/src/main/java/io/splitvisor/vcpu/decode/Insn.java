// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.decode;

/** A decoded instruction. Reused by its {@link Decoder}: whoever wants to keep something copies it. */
public final class Insn implements Cloneable {
    /** Code sizes, the same numbers as the processor's modes. */
    public static final int MODE16 = 0;

    /** See {@link #MODE16}. */
    public static final int MODE32 = 1;

    /** See {@link #MODE16}. */
    public static final int MODE64 = 2;

    /** {@link #base} or {@link #index}: none. */
    public static final int NO_REGISTER = 16;

    /** {@link #base}: the start of the block; the displacement counts from there. */
    public static final int BLOCK_START = 17;

    /** {@link #segmentOverride}: none. */
    public static final int NO_SEGMENT = -1;

    Row row;
    int start;
    int length;
    int mode;
    int opcode;
    int operandBytes;
    int addressBytes;
    int rex;
    int segment;
    int repeat;
    boolean lock;
    boolean operandPrefix;
    boolean addressPrefix;
    int modRm;
    int base;
    int index;
    int scale;
    long displacement;
    long immediate;
    long immediate2;

    Insn() {}

    /** This instruction as it is now, for keeping. */
    public Insn copy() {
        try {
            return (Insn) clone();
        } catch (CloneNotSupportedException e) {
            throw new AssertionError(e);
        }
    }

    /** The row it was found in, or null: the bytes are no instruction. */
    public Row row() {
        return row;
    }

    /** Where it starts, counted from the start of the block. */
    public int start() {
        return start;
    }

    /** Its length in bytes. More than 15 means #GP. */
    public int length() {
        return length;
    }

    /** The code size it was decoded for. */
    public int mode() {
        return mode;
    }

    /** The last byte of its opcode. */
    public int opcode() {
        return opcode;
    }

    /** Operand size: 2, 4 or 8. */
    public int operandBytes() {
        return operandBytes;
    }

    /** Address size: 2, 4 or 8. */
    public int addressBytes() {
        return addressBytes;
    }

    /** Whether it has a REX prefix, so that byte registers 4 to 7 are SPL to DIL. */
    public boolean hasRex() {
        return rex != 0;
    }

    /** Whether REX.W is set. */
    public boolean rexW() {
        return (rex & 8) != 0;
    }

    /** Segment override in force, or {@link #NO_SEGMENT}. */
    public int segmentOverride() {
        return segment;
    }

    /** 0xf2, 0xf3 or 0. */
    public int repeat() {
        return repeat;
    }

    /** Whether it has a LOCK prefix. */
    public boolean lock() {
        return lock;
    }

    /** Whether it has a 66 prefix. */
    public boolean operandPrefix() {
        return operandPrefix;
    }

    /** Whether it has a 67 prefix. */
    public boolean addressPrefix() {
        return addressPrefix;
    }

    /** ModRM reg with REX.R. */
    public int reg() {
        return (modRm >> 3 & 7) | (rex & 4) << 1;
    }

    /** ModRM rm with REX.B; of a register operand. */
    public int rm() {
        return (modRm & 7) | (rex & 1) << 3;
    }

    /** Low bits of the opcode with REX.B. */
    public int opcodeRegister() {
        return (opcode & 7) | (rex & 1) << 3;
    }

    /** The ModRM byte, or -1. */
    public int modRm() {
        return modRm;
    }

    /** Whether ModRM names memory. */
    public boolean hasMemory() {
        return modRm >= 0 && modRm < 0xc0;
    }

    /** Base register, {@link #NO_REGISTER} or {@link #BLOCK_START}. */
    public int base() {
        return base;
    }

    /** Index register or {@link #NO_REGISTER}. */
    public int index() {
        return index;
    }

    /** Shift of the index, 0 to 3. */
    public int scale() {
        return scale;
    }

    /** Displacement, sign-extended. */
    public long displacement() {
        return displacement;
    }

    /** Immediate, branch displacement, absolute offset, or the offset of a far pointer. */
    public long immediate() {
        return immediate;
    }

    /** Second immediate: of ENTER, or a far pointer's selector. */
    public long immediate2() {
        return immediate2;
    }

    /** The segment register of the memory operand: the override, or SS where the base is the stack's, or DS. */
    public int memorySegment() {
        if (segment != NO_SEGMENT) {
            return segment;
        }
        return hasMemory() && (base == 4 || base == 5) ? 2 : 3;
    }
}
