// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.translate;

import io.splitvisor.vcpu.cpu.Cpu;
import java.lang.classfile.CodeBuilder;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;

/**
 * Registers in local variables: general and pseudo registers by their numbers, then the halves of XMM registers, the low one of each
 * first. Sets of them are bits.
 */
final class Locals {
    /** General registers, and pseudo registers up to the base of GS. */
    private static final int GENERAL = 20;

    private static final int XMM_HALVES = 32;
    private static final long LOW = 0xffff_ffffL;
    /** With halves of XMM registers. */
    private static final int ALL = GENERAL + XMM_HALVES;

    private static final ClassDesc PROCESSOR = ClassDesc.of(Cpu.class.getName());

    private final CodeBuilder code;
    private final int first;
    private long used;
    private long dirty;
    /** Registers that were written since this was asked last. */
    private long written;
    /** General registers whose low half is in a local variable of its own, too. */
    private long halved;
    /** Those of them of which only that local variable is up to date: the upper half is zero. */
    private long narrow;

    /** @param first the first local variable; {@link #end} are the last */
    Locals(CodeBuilder code, int first) {
        this.code = code;
        this.first = first;
    }

    /** The first local variable behind all registers, their low halves, and the array of XMM registers. */
    static int end(int first) {
        return array(first) + 1;
    }

    private static int array(int first) {
        return half(first, GENERAL);
    }

    /** The local variable of a general register's low half, an {@code int}. */
    private static int half(int first, int register) {
        return first + 2 * ALL + register;
    }

    /** The number of a half of an XMM register. */
    static int xmm(int register, int half) {
        return GENERAL + 2 * register + half;
    }

    /** Registers that live in locals. */
    long used() {
        return used;
    }

    /** Registers that the region changes. */
    long dirty() {
        return dirty;
    }

    /** Whether XMM registers are among those that are used. */
    boolean usesVectors() {
        return used >>> GENERAL != 0;
    }

    /** Pushes a register. */
    void get(int register) {
        used |= 1L << register;
        if ((narrow & 1L << register) != 0) {
            pushWidened(register);
        } else {
            code.lload(first + 2 * register);
        }
    }

    /** Pushes a register with anything in its upper half. */
    void getRaw(int register) {
        used |= 1L << register;
        if ((narrow & 1L << register) != 0) {
            code.iload(half(first, register)).i2l();
        } else {
            code.lload(first + 2 * register);
        }
    }

    private void pushWidened(int register) {
        code.iload(half(first, register)).i2l().loadConstant(LOW).land();
    }

    /** Pops a register's new value. */
    void put(int register) {
        changed(register);
        halved &= ~(1L << register);
        narrow &= ~(1L << register);
        code.lstore(first + 2 * register);
    }

    /** Pushes the low half of a general register. */
    void getInt(int register) {
        used |= 1L << register;
        if ((halved & 1L << register) != 0) {
            code.iload(half(first, register));
        } else {
            code.lload(first + 2 * register).l2i();
        }
    }

    /** Pops the new low half of a general register, whose upper half becomes zero. To be used where all paths pass. */
    void putInt(int register) {
        changed(register);
        halved |= 1L << register;
        narrow |= 1L << register;
        code.istore(half(first, register));
    }

    private void changed(int register) {
        used |= 1L << register;
        dirty |= 1L << register;
        written |= 1L << register;
    }

    /** Registers that were written since this was asked last. */
    long takeWritten() {
        long registers = written;
        written = 0;
        return registers;
    }

    /** Brings whole registers up to date: before paths part, and where the region may be left. */
    void widen() {
        for (int n = 0; narrow != 0; n++) {
            if ((narrow & 1L << n) != 0) {
                pushWidened(n);
                code.lstore(first + 2 * n);
                narrow &= ~(1L << n);
            }
        }
    }

    /** Code from here on is reached from elsewhere, too. */
    void forgetHalves() {
        if (narrow != 0) {
            throw new IllegalStateException("registers are narrow where paths meet");
        }
        halved = 0;
    }

    /** To be emitted before anything else here. */
    void start() {
        code.aload(Body.CPU)
                .getfield(PROCESSOR, "xmm", ConstantDescs.CD_long.arrayType())
                .astore(array(first));
    }

    /** Loads registers from the processor. */
    void load(long registers) {
        for (int n = 0; n < ALL; n++) {
            if ((registers & 1L << n) != 0) {
                place(n);
                code.laload().lstore(first + 2 * n);
            }
        }
    }

    /** Stores registers to the processor. */
    void store(long registers) {
        for (int n = 0; n < ALL; n++) {
            if ((registers & 1L << n) != 0) {
                place(n);
                code.lload(first + 2 * n).lastore();
            }
        }
    }

    private void place(int n) {
        if (n < GENERAL) {
            code.aload(Body.REGISTERS).loadConstant(n);
        } else {
            code.aload(array(first)).loadConstant(n - GENERAL);
        }
    }
}
