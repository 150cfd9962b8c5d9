// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.cpu.Cpu;

/** An instruction, ready to be executed any number of times. */
public abstract class Op {
    private short start;
    private short end;
    private boolean endsBlock;

    /** Executes. {@code rip} already points behind the block; whoever changes the flow overwrites it. */
    public abstract void exec(Cpu c);

    /** Whether nothing of the same block may follow: the flow, the mode, or what is pending may have changed. */
    public final boolean endsBlock() {
        return endsBlock;
    }

    /** Sets what the others tell. */
    final void place(int newStart, int newEnd, boolean newEndsBlock) {
        this.start = (short) newStart;
        this.end = (short) newEnd;
        this.endsBlock = newEndsBlock;
    }

    /** Distance of its first byte from the start of the block. */
    public final int start() {
        return start;
    }

    /** Distance of the byte behind it from the start of the block. */
    public final int end() {
        return end;
    }
}
