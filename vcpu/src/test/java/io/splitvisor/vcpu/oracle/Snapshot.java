// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.oracle;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The registers of user mode. */
final class Snapshot {
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

    boolean sameSse(Snapshot other) {
        return MemorySegment.mismatch(fx, 160, 160 + 256, other.fx, 160, 160 + 256) < 0 && mxcsr() == other.mxcsr();
    }

    void copyFrom(Snapshot other) {
        System.arraycopy(other.general, 0, general, 0, 16);
        flags = other.flags;
        fx.copyFrom(other.fx);
    }
}
