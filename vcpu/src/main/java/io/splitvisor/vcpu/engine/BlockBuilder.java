// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.engine;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.decode.CodeBytes;
import io.splitvisor.vcpu.decode.Decoder;
import io.splitvisor.vcpu.decode.Feature;
import io.splitvisor.vcpu.decode.Insn;
import io.splitvisor.vcpu.op.WordCode;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Decodes blocks. */
final class BlockBuilder implements CodeBytes {
    private final Cpu c;
    private final MemorySegment ram;
    private final Decoder decoder;
    private final WordCode code;

    private long linear;
    private long offset;
    private int inPage;
    private boolean first;
    private boolean crossed;
    private long secondPage;
    private int length;

    BlockBuilder(Cpu c, WordCode code) {
        this.code = code;
        this.c = c;
        this.ram = c.mmu.ram();
        this.decoder = new Decoder(Feature.announced(c.env.cpuid()));
    }

    /**
     * Decodes a block. Throws the fault of the first instruction's fetch. The next one takes its place, unless it is kept.
     *
     * @param startLinear linear address of its first byte
     * @param startOffset where that lies in guest RAM
     * @param most instructions
     * @return its index
     */
    int build(long startLinear, long startOffset, int most) {
        linear = startLinear;
        offset = startOffset;
        inPage = 4096 - (int) (startOffset & 4095);
        secondPage = -1;
        int block = code.start();
        int at = 0;
        boolean ends = false;
        while (!ends && code.size() < most) {
            first = code.size() == 0;
            crossed = false;
            Insn i = decoder.decode(this, at, c.mode);
            if ((crossed && !first) || !insideSegment(at + i.length())) {
                break;
            }
            at += i.length();
            ends = code.add(i) || crossed;
        }
        if (code.size() == 0) {
            throw c.gp(0);
        }
        length = at;
        code.finish(at);
        return block;
    }

    /** Keeps the block that was built last. */
    Block keep(int block) {
        code.keep();
        return new Block(code, block, c.mode, offset, length, secondPage);
    }

    /** Decodes the instruction at the current instruction pointer, for a second look at it. */
    Insn decodeOne() {
        linear = c.mode == Cpu.CODE64 ? c.rip : c.seg[Cpu.CS].base() + c.rip & 0xffff_ffffL;
        offset = Interpreter.fetch(c, linear);
        inPage = 4096 - (int) (offset & 4095);
        secondPage = -1;
        first = true;
        return decoder.decode(this, 0, c.mode);
    }

    private boolean insideSegment(int end) {
        return c.mode == Cpu.CODE64 || c.seg[Cpu.CS].covers(c.rip + end - 1);
    }

    @Override
    public int at(int at) {
        if (at < inPage) {
            return ram.get(ValueLayout.JAVA_BYTE, offset + at) & 0xff;
        }
        crossed = true;
        if (!first) {
            return 0;
        }
        if (secondPage < 0) {
            long page = linear + inPage;
            secondPage = Interpreter.fetch(c, c.mode == Cpu.CODE64 ? page : page & 0xffff_ffffL);
            if (c.mmu.shared()) {
                c.mmu.watchCode(secondPage);
            }
        }
        return ram.get(ValueLayout.JAVA_BYTE, secondPage + at - inPage) & 0xff;
    }
}
