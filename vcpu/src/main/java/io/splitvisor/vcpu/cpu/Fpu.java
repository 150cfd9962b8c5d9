// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.cpu;

import io.splitvisor.vcpu.fp.Mxcsr;
import io.splitvisor.vcpu.fp.Unpacked;
import io.splitvisor.vcpu.fp.X87;

/**
 * The x87's registers, stack and exceptions; MMX registers are the significands of the same eight. SDM volume 1, chapters
 * 8.1 and 9.6. Fields are public as those of {@link Cpu} are.
 */
public final class Fpu {
    /** Status: invalid because of the stack. */
    public static final int SF = 1 << 6;
    /** Status: an unmasked exception waits. */
    public static final int ES = 1 << 7;
    /** Condition codes of the status word. */
    public static final int C0 = 1 << 8;
    /** See {@link #C0}. */
    public static final int C1 = 1 << 9;
    /** See {@link #C0}. */
    public static final int C2 = 1 << 10;
    /** See {@link #C0}. */
    public static final int C3 = 1 << 14;
    /** Status: busy, the same as {@link #ES}. */
    public static final int BUSY = 1 << 15;
    /** Where the status word has the stack's top. */
    public static final int TOP_SHIFT = 11;
    /** All condition codes. */
    public static final int CODES = C0 | C1 | C2 | C3;

    /** The control word after FNINIT. */
    public static final int INITIAL_CONTROL = 0x37f;

    private static final int TOP_BITS = 7 << TOP_SHIFT;
    private static final int CONTROL_BITS = 0x1f3f;
    private static final int CONTROL_ONE = 0x40;
    private static final int MMX_EXPONENT = 0xffff;
    private static final int ALL = 0xff;

    /** Significands, by physical register. */
    public final long[] significand = new long[8];

    /** Signs and exponents, by physical register. */
    public final int[] signExponent = new int[8];

    /** Control word. */
    public int control = INITIAL_CONTROL;

    /** Status word, but for the top of the stack. */
    public int status;

    /** The physical register that is ST(0). */
    public int top;

    /** Which physical registers hold something. */
    public int full;

    /** Where the last instruction that was no control instruction lay. */
    public long instructionPointer;

    /** Where the operand of the last instruction that had one in memory lay. */
    public long dataPointer;

    /** The last instruction's opcode: 11 bits. */
    public int opcode;

    /** Arithmetic. */
    public final X87 math = new X87();

    /** FNINIT. */
    public void init() {
        control = INITIAL_CONTROL;
        status = 0;
        top = 0;
        full = 0;
        instructionPointer = 0;
        dataPointer = 0;
        opcode = 0;
    }

    /** Power-on. */
    void reset() {
        init();
        java.util.Arrays.fill(significand, 0);
        java.util.Arrays.fill(signExponent, 0);
    }

    /** The physical register of ST(n). */
    public int st(int n) {
        return top + n & 7;
    }

    /** Whether ST(n) is empty. */
    public boolean isEmpty(int n) {
        return (full >> st(n) & 1) == 0;
    }

    /** Takes ST(n) apart. */
    public void load(int n, Unpacked to) {
        int at = st(n);
        to.extended(signExponent[at], significand[at]);
    }

    /** Sets ST(n), which is full then. */
    public void store(int n, Unpacked from) {
        set(st(n), from.signExponent(), from.significand());
    }

    /** Sets a physical register, which is full then. */
    public void set(int register, int newSignExponent, long newSignificand) {
        signExponent[register] = newSignExponent;
        significand[register] = newSignificand;
        full |= 1 << register;
    }

    /** Pops. */
    public void pop() {
        full &= ~(1 << top);
        top = top + 1 & 7;
    }

    /** Pushes a result. */
    public void push(Unpacked from) {
        top = top - 1 & 7;
        store(0, from);
    }

    /** Empties ST(n). */
    public void free(int n) {
        full &= ~(1 << st(n));
    }

    /** Condition codes: clears all but those given. */
    public void codes(int codes) {
        status = (status & ~CODES) | codes;
    }

    /** Sets or clears C1. */
    public void c1(boolean value) {
        status = value ? status | C1 : status & ~C1;
    }

    /** The status word. */
    public int statusWord() {
        return status | top << TOP_SHIFT;
    }

    /** Sets the status word; whether an exception waits follows from flags and masks. */
    public void statusWord(int value) {
        status = value & ~(TOP_BITS | ES | BUSY) & 0xffff;
        top = value >> TOP_SHIFT & 7;
        summarize();
    }

    /** Sets the control word. */
    public void controlWord(int value) {
        control = (value & CONTROL_BITS) | CONTROL_ONE;
        summarize();
    }

    private void summarize() {
        boolean waits = (status & ~control & Mxcsr.FLAGS) != 0;
        status = waits ? status | ES | BUSY : status & ~(ES | BUSY);
    }

    /** FNCLEX. */
    public void clearExceptions() {
        status &= ~(Mxcsr.FLAGS | SF | ES | BUSY);
    }

    /** The tag word of FNSTENV: two bits a register. */
    public int tagWord() {
        int tags = 0;
        for (int n = 7; n >= 0; n--) {
            tags = tags << 2 | tag(n);
        }
        return tags;
    }

    private int tag(int register) {
        if ((full >> register & 1) == 0) {
            return 3;
        }
        int field = signExponent[register] & 0x7fff;
        if (field == 0 && significand[register] == 0) {
            return 1;
        }
        return field == 0 || field == 0x7fff || significand[register] >= 0 ? 2 : 0;
    }

    /** Sets which registers are full from a tag word. */
    public void tagWord(int tags) {
        full = 0;
        for (int n = 0; n < 8; n++) {
            full |= (tags >> 2 * n & 3) == 3 ? 0 : 1 << n;
        }
    }

    /** Leaves the registers as an MMX instruction does: all full, the first on top. */
    public void useMmx() {
        top = 0;
        full = ALL;
    }

    /** Sets an MMX register. */
    public void mmx(int number, long value) {
        significand[number] = value;
        signExponent[number] = MMX_EXPONENT;
    }

    // Exceptions

    /**
     * Raises flags.
     *
     * @return whether the instruction delivers its result: not if what is found before computing is not masked
     */
    public boolean raise(int flags) {
        int unmasked = flags & ~control & Mxcsr.FLAGS;
        boolean stops = (unmasked & Mxcsr.BEFORE) != 0;
        status |= stops ? flags & (Mxcsr.BEFORE | SF) : flags;
        if (unmasked != 0) {
            status |= ES | BUSY;
        }
        return !stops;
    }

    /** Raises the stack fault of a missing operand; whether an answer is to be delivered, which is in {@code math.r}. */
    public boolean underflow() {
        c1(false);
        math.invalid();
        return raise(Mxcsr.IE | SF);
    }

    /** Raises the stack fault of a push onto a full register; whether an answer is to be delivered. */
    public boolean overflow() {
        boolean delivers = underflow();
        c1(true);
        return delivers;
    }

    /** Raises what the arithmetic raised; whether its result is to be delivered. */
    public boolean settle() {
        c1(math.roundedAway());
        boolean delivers = raise(math.flags());
        if (!delivers) {
            c1(false);
        }
        return delivers;
    }
}
