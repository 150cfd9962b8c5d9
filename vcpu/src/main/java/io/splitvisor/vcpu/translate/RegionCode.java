// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.translate;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.op.Op;

/** What generated classes extend. */
public abstract class RegionCode {
    /** Instructions that the region has executed by the interpreter's operations. Set once, before the first run. */
    public Op[] ops;

    /**
     * Runs guest code until it leaves the region.
     *
     * @param c the processor; its instruction pointer is not looked at, and set only by exits to computed addresses
     * @param r its registers
     * @param base the linear address of the region's entry
     * @param budget instructions after which a jump back leaves; if it is negative, nothing is done, and nothing else looked at
     * @return the number of the exit in {@link Exits} from bit 40, the dynamic {@link FlagKind} in bits 32 to 39, and what is
     *     left of the budget, signed, in the low 32 bits
     */
    public abstract long run(Cpu c, long[] r, long base, int budget);

    /** Calls once whatever the code may call, so that the JVM's compiler finds all of it resolved. */
    public abstract void warm();
}
