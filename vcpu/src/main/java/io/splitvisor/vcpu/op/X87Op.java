// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.cpu.Fpu;
import io.splitvisor.vcpu.cpu.SystemRegisters;
import io.splitvisor.vcpu.cpu.Vector;
import io.splitvisor.vcpu.decode.Insn;

/** An x87 instruction that is no control instruction: what waits is raised first, pointers are noted at the end. */
abstract class X87Op extends Op {
    private final short opcode;
    /** Its distance from the start of the block. */
    private final short start;
    /** The memory operand's address, or null. */
    final Ea ea;
    /** The memory operand's bytes. */
    final int size;
    /** The number of the register operand other than ST(0). */
    final int register;

    X87Op(Insn i) {
        this.start = (short) i.start();
        this.opcode = (short) ((i.opcode() & 7) << 8 | i.modRm());
        this.ea = i.hasMemory() ? Ea.of(i) : null;
        this.size = i.hasMemory() ? i.row().args().get(0).size(i) : 0;
        this.register = i.rm() & 7;
    }

    @Override
    public final void exec(Cpu c) {
        available(c);
        noPending(c);
        Fpu f = c.fpu;
        f.math.start(f.control);
        work(c, f);
        f.instructionPointer = c.r[Cpu.BLOCK] + start;
        f.opcode = opcode;
        if (ea != null) {
            f.dataPointer = ea.offset(c);
        }
    }

    abstract void work(Cpu c, Fpu f);

    /** #NM unless there is an x87 that belongs to the running task. */
    static void available(Cpu c) {
        if ((c.sys.cr0 & (SystemRegisters.CR0_EM | SystemRegisters.CR0_TS)) != 0) {
            throw c.fault.exception(Vector.NM);
        }
    }

    /** #MF if an exception waits. With CR0.NE clear it is ignored, as by a processor whose IGNNE# is asserted. */
    static void noPending(Cpu c) {
        if ((c.fpu.status & Fpu.ES) != 0 && (c.sys.cr0 & SystemRegisters.CR0_NE) != 0) {
            throw c.fault.exception(Vector.MF);
        }
    }
}
