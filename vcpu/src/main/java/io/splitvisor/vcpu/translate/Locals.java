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
    /** With halves of XMM registers. */
    private static final int ALL = GENERAL + XMM_HALVES;

    private static final ClassDesc PROCESSOR = ClassDesc.of(Cpu.class.getName());

    private final CodeBuilder code;
    private final int first;
    private long used;
    private long dirty;

    /** @param first the first local variable; {@link #end} are the last */
    Locals(CodeBuilder code, int first) {
        this.code = code;
        this.first = first;
    }

    /** The first local variable behind all registers, and the array of XMM registers. */
    static int end(int first) {
        return array(first) + 1;
    }

    private static int array(int first) {
        return first + 2 * ALL;
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

    void get(int register) {
        used |= 1L << register;
        code.lload(first + 2 * register);
    }

    void put(int register) {
        used |= 1L << register;
        dirty |= 1L << register;
        code.lstore(first + 2 * register);
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
