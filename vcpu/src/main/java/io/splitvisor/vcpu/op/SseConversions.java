// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.decode.Insn;
import io.splitvisor.vcpu.fp.Sse;
import java.util.Map;

/** Conversions between floats, doubles and signed integers. */
final class SseConversions {
    static final Map<String, Lowering> LOWERINGS = Map.ofEntries(
            Map.entry("cvtsi2ss", i -> new FromGeneral(i, true)),
            Map.entry("cvtsi2sd", i -> new FromGeneral(i, false)),
            Map.entry("cvtss2si", i -> new ToGeneral(i, true, false)),
            Map.entry("cvtsd2si", i -> new ToGeneral(i, false, false)),
            Map.entry("cvttss2si", i -> new ToGeneral(i, true, true)),
            Map.entry("cvttsd2si", i -> new ToGeneral(i, false, true)),
            packed("cvtps2pd", (s, low, high) -> s.widen((int) low), (s, low, high) -> s.widen((int) (low >>> 32))),
            packed("cvtpd2ps", (s, low, high) -> pair(s.narrow(low), s.narrow(high)), (s, low, high) -> 0),
            Map.entry("cvtss2sd", i -> new Scalar(i, -1, (s, low, high) -> s.widen((int) low))),
            Map.entry("cvtsd2ss", i -> new Scalar(i, 0xffff_ffffL, (s, low, high) -> s.narrow(low))),
            packed("cvtdq2ps", (s, low, high) -> fromDoubles(s, low), (s, low, high) -> fromDoubles(s, high)),
            packed("cvtps2dq", (s, low, high) -> toDoubles(s, low, false), (s, low, high) -> toDoubles(s, high, false)),
            packed("cvttps2dq", (s, low, high) -> toDoubles(s, low, true), (s, low, high) -> toDoubles(s, high, true)),
            packed(
                    "cvtdq2pd",
                    (s, low, high) -> s.fromInteger64(low << 32 >> 32),
                    (s, low, high) -> s.fromInteger64(low >> 32)),
            packed("cvtpd2dq", (s, low, high) -> toPair(s, low, high, false), (s, low, high) -> 0),
            packed("cvttpd2dq", (s, low, high) -> toPair(s, low, high, true), (s, low, high) -> 0));

    private SseConversions() {}

    /** One half of a result from both halves of a source. */
    @FunctionalInterface
    private interface Half {
        long apply(Sse s, long low, long high);
    }

    private static Map.Entry<String, Lowering> packed(String mnemonic, Half low, Half high) {
        return Map.entry(mnemonic, i -> new Packed(i, low, high));
    }

    private static long pair(int low, int high) {
        return (low & 0xffff_ffffL) | (long) high << 32;
    }

    private static long fromDoubles(Sse s, long value) {
        return pair(s.fromInteger32(value << 32 >> 32), s.fromInteger32(value >> 32));
    }

    private static long toDoubles(Sse s, long value, boolean truncate) {
        return pair((int) s.toInteger32((int) value, 32, truncate), (int)
                s.toInteger32((int) (value >>> 32), 32, truncate));
    }

    private static long toPair(Sse s, long low, long high, boolean truncate) {
        return pair((int) s.toInteger64(low, 32, truncate), (int) s.toInteger64(high, 32, truncate));
    }

    private static final class Packed extends Op {
        private final int d;
        private final Xmm s;
        private final Half low;
        private final Half high;

        Packed(Insn i, Half low, Half high) {
            this.d = 2 * i.reg();
            this.s = Xmm.of(i, 1, false);
            this.low = low;
            this.high = high;
        }

        @Override
        public void exec(Cpu c) {
            Xmm.check(c);
            s.read(c);
            c.sse.start(c.mxcsr);
            long newLow = low.apply(c.sse, c.low, c.high);
            long newHigh = high.apply(c.sse, c.low, c.high);
            SseFloats.settle(c, c.sse);
            c.xmm[d] = newLow;
            c.xmm[d + 1] = newHigh;
        }
    }

    /** Changes the lowest element only. */
    private static final class Scalar extends Op {
        private final int d;
        private final Xmm s;
        private final long mask;
        private final Half convert;

        Scalar(Insn i, long mask, Half convert) {
            this.d = 2 * i.reg();
            this.s = Xmm.of(i, 1, true);
            this.mask = mask;
            this.convert = convert;
        }

        @Override
        public void exec(Cpu c) {
            Xmm.check(c);
            s.read(c);
            c.sse.start(c.mxcsr);
            long value = convert.apply(c.sse, c.low, c.high);
            SseFloats.settle(c, c.sse);
            c.xmm[d] = (c.xmm[d] & ~mask) | (value & mask);
        }
    }

    private static final class FromGeneral extends Op {
        private final int d;
        private final Operand s;
        private final boolean single;

        FromGeneral(Insn i, boolean single) {
            this.d = 2 * i.reg();
            this.s = Operand.of(i, 1);
            this.single = single;
        }

        @Override
        public void exec(Cpu c) {
            Xmm.check(c);
            long value = s.readSigned(c);
            c.sse.start(c.mxcsr);
            long result = single
                    ? (c.xmm[d] & ~0xffff_ffffL) | (c.sse.fromInteger32(value) & 0xffff_ffffL)
                    : c.sse.fromInteger64(value);
            SseFloats.settle(c, c.sse);
            c.xmm[d] = result;
        }
    }

    private static final class ToGeneral extends Op {
        private final Operand d;
        private final Xmm s;
        private final boolean single;
        private final boolean truncate;

        ToGeneral(Insn i, boolean single, boolean truncate) {
            this.d = Operand.of(i, 0);
            this.s = Xmm.of(i, 1, true);
            this.single = single;
            this.truncate = truncate;
        }

        @Override
        public void exec(Cpu c) {
            Xmm.check(c);
            s.read(c);
            c.sse.start(c.mxcsr);
            int bits = 8 * d.size;
            long value =
                    single ? c.sse.toInteger32((int) c.low, bits, truncate) : c.sse.toInteger64(c.low, bits, truncate);
            SseFloats.settle(c, c.sse);
            d.write(c, value);
        }
    }
}
