// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.cpu.Eflags;
import io.splitvisor.vcpu.cpu.Tss;
import io.splitvisor.vcpu.decode.Insn;
import java.util.Map;

/** IN and OUT, and who may use them. */
final class Ports {
    static final Map<String, Lowering> LOWERINGS = Map.of("in", In::new, "out", Out::new);

    private Ports() {}

    /** The port, if the I/O privilege level or the TSS allows it. */
    static int check(Cpu c, long value, int size) {
        int port = (int) value & 0xffff;
        boolean allowed = c.realMode() || (!c.virtual8086() && c.cpl <= (c.flags & Eflags.IOPL) >> 12);
        if (!allowed && !Tss.allowsPorts(c, port, size)) {
            throw c.gp(0);
        }
        return port;
    }

    private static final class In extends Op {
        private final Operand d;
        private final Operand port;

        In(Insn i) {
            this.d = Operand.of(i, 0);
            this.port = Operand.of(i, 1);
        }

        @Override
        public void exec(Cpu c) {
            int number = check(c, port.read(c), d.size);
            d.write(c, c.host.portRead(number, d.size));
            c.debug.portAccessed(number, d.size);
        }
    }

    private static final class Out extends Op {
        private final Operand port;
        private final Operand s;

        Out(Insn i) {
            this.port = Operand.of(i, 0);
            this.s = Operand.of(i, 1);
        }

        @Override
        public void exec(Cpu c) {
            int number = check(c, port.read(c), s.size);
            c.host.portWrite(number, s.size, s.read(c));
            c.debug.portAccessed(number, s.size);
        }
    }
}
