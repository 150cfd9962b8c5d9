// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.decode.Arg;
import io.splitvisor.vcpu.decode.Insn;
import java.util.HashMap;
import java.util.Map;

/** Integer arithmetic and logic of MMX and SSE that works on each half of a register by itself. */
final class VectorIntegers {
    static final Map<String, Lowering> LOWERINGS = new HashMap<>();

    static {
        for (String logic : new String[] {"p%s", "%sps", "%spd"}) {
            halves(logic.formatted("and"), (a, b) -> a & b);
            halves(logic.formatted("andn"), (a, b) -> ~a & b);
            halves(logic.formatted("or"), (a, b) -> a | b);
            halves(logic.formatted("xor"), (a, b) -> a ^ b);
        }
        halves("paddb", Lanes::paddb);
        halves("paddw", Lanes::paddw);
        halves("paddd", Lanes::paddd);
        halves("paddq", Lanes::paddq);
        halves("psubb", Lanes::psubb);
        halves("psubw", Lanes::psubw);
        halves("psubd", Lanes::psubd);
        halves("psubq", Lanes::psubq);
        halves("paddsb", Lanes::paddsb);
        halves("paddsw", Lanes::paddsw);
        halves("psubsb", Lanes::psubsb);
        halves("psubsw", Lanes::psubsw);
        halves("paddusb", Lanes::paddusb);
        halves("paddusw", Lanes::paddusw);
        halves("psubusb", Lanes::psubusb);
        halves("psubusw", Lanes::psubusw);
        halves("pabsb", Lanes::pabsb);
        halves("pabsw", Lanes::pabsw);
        halves("pabsd", Lanes::pabsd);
        halves("psignb", Lanes::psignb);
        halves("psignw", Lanes::psignw);
        halves("psignd", Lanes::psignd);
        halves("pmaddubsw", Lanes::pmaddubsw);
        halves("pavgb", Lanes::pavgb);
        halves("pavgw", Lanes::pavgw);
        halves("pcmpeqb", Lanes::pcmpeqb);
        halves("pcmpeqw", Lanes::pcmpeqw);
        halves("pcmpeqd", Lanes::pcmpeqd);
        halves("pcmpeqq", Lanes::pcmpeqq);
        halves("pcmpgtb", Lanes::pcmpgtb);
        halves("pcmpgtw", Lanes::pcmpgtw);
        halves("pcmpgtd", Lanes::pcmpgtd);
        halves("pcmpgtq", Lanes::pcmpgtq);
        halves("pminub", Lanes::pminub);
        halves("pminuw", Lanes::pminuw);
        halves("pminud", Lanes::pminud);
        halves("pminsb", Lanes::pminsb);
        halves("pminsw", Lanes::pminsw);
        halves("pminsd", Lanes::pminsd);
        halves("pmaxub", Lanes::pmaxub);
        halves("pmaxuw", Lanes::pmaxuw);
        halves("pmaxud", Lanes::pmaxud);
        halves("pmaxsb", Lanes::pmaxsb);
        halves("pmaxsw", Lanes::pmaxsw);
        halves("pmaxsd", Lanes::pmaxsd);
        halves("pmullw", Lanes::pmullw);
        halves("pmulhw", Lanes::pmulhw);
        halves("pmulhuw", Lanes::pmulhuw);
        halves("pmulld", Lanes::pmulld);
        halves("pmuludq", Lanes::pmuludq);
        halves("pmuldq", Lanes::pmuldq);
        halves("pmaddwd", Lanes::pmaddwd);
        halves("psadbw", Lanes::psadbw);
        elements("pmulhrsw", 16, (a, b) -> ((a * b >> 14) + 1) >> 1);
        shifts("psrlw", LaneShifts::psrlw);
        shifts("psrld", LaneShifts::psrld);
        shifts("psrlq", LaneShifts::psrlq);
        shifts("psllw", LaneShifts::psllw);
        shifts("pslld", LaneShifts::pslld);
        shifts("psllq", LaneShifts::psllq);
        shifts("psraw", LaneShifts::psraw);
        shifts("psrad", LaneShifts::psrad);
    }

    private VectorIntegers() {}

    private static void halves(String mnemonic, VectorOp.Half f) {
        LOWERINGS.put(mnemonic, i -> new VectorOp.Halves(i, f));
    }

    private static void elements(String mnemonic, int bits, VectorOp.Half f) {
        halves(mnemonic, (a, b) -> byElement(a, b, bits, f));
    }

    private static void shifts(String mnemonic, VectorOp.Half f) {
        LOWERINGS.put(mnemonic, i -> new Shift(i, f));
    }

    /** A function of signed elements, one after the other. */
    private static long byElement(long a, long b, int bits, VectorOp.Half f) {
        long mask = -1L >>> (64 - bits);
        int down = 64 - bits;
        long result = 0;
        for (int at = 0; at < 64; at += bits) {
            int up = down - at;
            result |= (f.apply(a << up >> down, b << up >> down) & mask) << at;
        }
        return result;
    }

    /** By a count that all elements share: an immediate, or 64 bits of an operand. */
    private static final class Shift extends VectorOp {
        private final Vec d;
        private final Vec count;
        private final long immediate;
        private final Half f;

        Shift(Insn i, Half f) {
            super(i);
            boolean byImmediate = i.row().args().get(1).kind() == Arg.Kind.IMM;
            this.d = Vec.of(i, 0, false);
            this.count = byImmediate ? null : Vec.of(i, 1, false);
            this.immediate = i.immediate();
            this.f = f;
        }

        @Override
        void work(Cpu c) {
            long n = immediate;
            if (count != null) {
                count.read(c);
                n = c.low;
            }
            d.read(c);
            d.write(c, f.apply(c.low, n), f.apply(c.high, n));
        }
    }
}
