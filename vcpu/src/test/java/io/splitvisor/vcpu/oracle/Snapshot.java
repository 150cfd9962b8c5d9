// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.oracle;

import io.splitvisor.vcpu.cpu.Fpu;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The registers of user mode. */
final class Snapshot {
    private static final long ST = 32;

    final long[] general = new long[16];
    /** An FXSAVE image. */
    final MemorySegment fx = Arena.ofAuto().allocate(512, 16);

    long flags;

    Snapshot() {
        fx.set(ValueLayout.JAVA_SHORT, 0, (short) 0x37f);
        fx.set(ValueLayout.JAVA_INT, 24, 0x1f80);
    }

    /** Half {@code n & 1} of XMM register {@code n / 2}. */
    long xmm(int n) {
        return fx.get(ValueLayout.JAVA_LONG, 160 + 8L * n);
    }

    void xmm(int n, long value) {
        fx.set(ValueLayout.JAVA_LONG, 160 + 8L * n, value);
    }

    int mxcsr() {
        return fx.get(ValueLayout.JAVA_INT, 24);
    }

    void mxcsr(int value) {
        fx.set(ValueLayout.JAVA_INT, 24, value);
    }

    /** 16 bits of the x87's part: 0 control, 1 status. */
    int word(int n) {
        return fx.get(ValueLayout.JAVA_SHORT, 2L * n) & 0xffff;
    }

    void word(int n, int value) {
        fx.set(ValueLayout.JAVA_SHORT, 2L * n, (short) value);
    }

    /** Which physical registers are full. */
    int full() {
        return fx.get(ValueLayout.JAVA_BYTE, 4) & 0xff;
    }

    void full(int value) {
        fx.set(ValueLayout.JAVA_BYTE, 4, (byte) value);
    }

    long significand(int n) {
        return fx.get(ValueLayout.JAVA_LONG, ST + 16L * n);
    }

    int signExponent(int n) {
        return fx.get(ValueLayout.JAVA_SHORT, ST + 16L * n + 8) & 0xffff;
    }

    /** Sets ST(n). */
    void st(int n, int signExponent, long significand) {
        fx.set(ValueLayout.JAVA_LONG, ST + 16L * n, significand);
        fx.set(ValueLayout.JAVA_LONG, ST + 16L * n + 8, signExponent);
    }

    void loadFpu(Fpu f) {
        f.controlWord(word(0));
        f.statusWord(word(1));
        f.full = full();
        for (int n = 0; n < 8; n++) {
            f.signExponent[f.st(n)] = signExponent(n);
            f.significand[f.st(n)] = significand(n);
        }
    }

    void storeFpu(Fpu f) {
        word(0, f.control);
        word(1, f.statusWord());
        full(f.full);
        for (int n = 0; n < 8; n++) {
            st(n, f.signExponent[f.st(n)], f.significand[f.st(n)]);
        }
    }

    /** Control, status, tags and registers of the x87; pointers are not stored by every processor. */
    boolean sameFpu(Snapshot other, int statusMask) {
        boolean same =
                word(0) == other.word(0) && ((word(1) ^ other.word(1)) & statusMask) == 0 && full() == other.full();
        for (int n = 0; n < 8; n++) {
            same &= signExponent(n) == other.signExponent(n) && significand(n) == other.significand(n);
        }
        return same;
    }

    boolean sameSse(Snapshot other) {
        return MemorySegment.mismatch(fx, 160, 160 + 256, other.fx, 160, 160 + 256) < 0 && mxcsr() == other.mxcsr();
    }

    void copyFrom(Snapshot other) {
        System.arraycopy(other.general, 0, general, 0, 16);
        flags = other.flags;
        fx.copyFrom(other.fx);
    }
}
