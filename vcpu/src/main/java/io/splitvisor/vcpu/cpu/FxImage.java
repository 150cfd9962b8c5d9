// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.cpu;

import io.splitvisor.vcpu.fp.Mxcsr;

/**
 * The state of x87, MMX and SSE as FXSAVE lays it out, in 64-bit words: control, status, tags and opcode in word 0, instruction
 * and data pointer, MXCSR and its mask; from word 4 on ST(0) to ST(7), two words each; from word 20 on the XMM registers.
 * SDM volume 1, 10.5.1.
 */
public final class FxImage {
    /** Words of the whole area. */
    public static final int WORDS = 64;

    /** Word that holds MXCSR. */
    public static final int MXCSR_WORD = 3;

    /** First word of ST(0). */
    public static final int ST_WORD = 4;

    /** First word of XMM0. */
    public static final int XMM_WORD = 20;

    private static final int OPCODE_MASK = 0x7ff;

    private FxImage() {}

    /** The processor's state; words that FXSAVE does not write are zero. */
    public static long[] save(Cpu c) {
        long[] image = new long[WORDS];
        Fpu f = c.fpu;
        image[0] = f.control | (long) f.statusWord() << 16 | (long) f.full << 32 | (long) f.opcode << 48;
        image[1] = f.instructionPointer;
        image[2] = f.dataPointer;
        image[MXCSR_WORD] = c.mxcsr | (long) Mxcsr.BITS << 32;
        for (int n = 0; n < 8; n++) {
            image[ST_WORD + 2 * n] = f.significand[f.st(n)];
            image[ST_WORD + 2 * n + 1] = f.signExponent[f.st(n)];
        }
        System.arraycopy(c.xmm, 0, image, XMM_WORD, c.xmm.length);
        return image;
    }

    /**
     * Sets the processor's state.
     *
     * @param xmmRegisters how many of them are set
     */
    public static void restore(Cpu c, long[] image, int xmmRegisters) {
        Fpu f = c.fpu;
        f.controlWord((int) image[0] & 0xffff);
        f.statusWord((int) (image[0] >>> 16) & 0xffff);
        f.full = (int) (image[0] >>> 32) & 0xff;
        f.opcode = (int) (image[0] >>> 48) & OPCODE_MASK;
        f.instructionPointer = image[1];
        f.dataPointer = image[2];
        for (int n = 0; n < 8; n++) {
            f.significand[f.st(n)] = image[ST_WORD + 2 * n];
            f.signExponent[f.st(n)] = (int) image[ST_WORD + 2 * n + 1] & 0xffff;
        }
        System.arraycopy(image, XMM_WORD, c.xmm, 0, 2 * xmmRegisters);
        c.mxcsr = (int) image[MXCSR_WORD] & Mxcsr.BITS;
    }
}
