// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.cpu.SystemRegisters;
import io.splitvisor.vcpu.cpu.Vector;
import io.splitvisor.vcpu.decode.Insn;
import io.splitvisor.vcpu.fp.Mxcsr;
import java.util.Map;

/** Control and status of SSE. */
final class SseControl {
    static final Map<String, Lowering> LOWERINGS = Map.of("ldmxcsr", SseControl::load, "stmxcsr", SseControl::store);

    private SseControl() {}

    private static Op load(Insn i) {
        Operand s = Operand.of(i, 0);
        return new FlagOps.Simple(c -> {
            VectorOp.xmmAvailable(c);
            long value = s.read(c);
            if ((value & ~Mxcsr.BITS) != 0) {
                throw c.gp(0);
            }
            c.mxcsr = (int) value;
        });
    }

    private static Op store(Insn i) {
        Operand d = Operand.of(i, 0);
        return new FlagOps.Simple(c -> {
            VectorOp.xmmAvailable(c);
            d.write(c, c.mxcsr);
        });
    }

    /** Between the steps of an instruction: what is raised by one and not masked keeps the next from being taken. */
    static void endStep(Cpu c) {
        if ((c.sse.flags() & ~(c.mxcsr >> Mxcsr.MASK_SHIFT) & Mxcsr.FLAGS) != 0) {
            settle(c);
        }
    }

    /** Raises the flags of an instruction, and #XM if one of them is not masked: then its destination must not change. */
    static void settle(Cpu c) {
        int raised = c.sse.flags();
        if (raised == 0) {
            return;
        }
        int unmasked = raised & ~(c.mxcsr >> Mxcsr.MASK_SHIFT);
        if ((unmasked & Mxcsr.BEFORE) != 0) {
            // What would come after the computation has not come yet.
            raised &= Mxcsr.BEFORE;
        }
        c.mxcsr |= raised;
        if ((unmasked & Mxcsr.FLAGS) != 0) {
            boolean handled = (c.sys.cr4 & SystemRegisters.CR4_OSXMMEXCPT) != 0;
            throw handled ? c.fault.exception(Vector.XM) : c.ud();
        }
    }
}
