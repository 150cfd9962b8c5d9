// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.cpu.Cpu;

/** An instruction as an object, ready to be executed any number of times: what is no {@link Word}. */
public abstract class Op {
    /** Executes. {@code rip} already points behind the block; whoever changes the flow overwrites it. */
    public abstract void exec(Cpu c);
}
