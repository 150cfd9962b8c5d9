// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import static io.splitvisor.vcpu.fp.Format.DOUBLE;
import static io.splitvisor.vcpu.fp.Format.FLOAT;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.decode.Insn;
import io.splitvisor.vcpu.fp.Format;
import io.splitvisor.vcpu.fp.Sse;
import java.util.HashMap;
import java.util.Map;

/** Conversions between floats, doubles and signed integers. */
final class SseConversions {
    static final Map<String, Lowering> LOWERINGS = new HashMap<>();

    private static final Part NONE = (s, low, high) -> 0;
    /** The destination's upper half stays. */
    private static final Part KEEP = null;

    static {
        packed(
                "cvtps2pd",
                (s, low, high) -> s.convert(FLOAT, DOUBLE, low),
                (s, low, high) -> s.convert(FLOAT, DOUBLE, low >>> 32));
        packed("cvtpd2ps", (s, low, high) -> pair(s.convert(DOUBLE, FLOAT, low), s.convert(DOUBLE, FLOAT, high)), NONE);
        packed("cvtdq2ps", (s, low, high) -> toFloats(s, low), (s, low, high) -> toFloats(s, high));
        packed("cvtpi2ps", (s, low, high) -> toFloats(s, low), KEEP);
        for (String name : new String[] {"cvtdq2pd", "cvtpi2pd"}) {
            packed(
                    name,
                    (s, low, high) -> s.fromInteger(DOUBLE, low << 32 >> 32),
                    (s, low, high) -> s.fromInteger(DOUBLE, low >> 32));
        }
        for (boolean truncate : new boolean[] {false, true}) {
            String cvt = truncate ? "cvtt" : "cvt";
            packed(
                    cvt + "ps2dq",
                    (s, low, high) -> fromFloats(s, low, truncate),
                    (s, low, high) -> fromFloats(s, high, truncate));
            packed(cvt + "ps2pi", (s, low, high) -> fromFloats(s, low, truncate), NONE);
            packed(cvt + "pd2dq", (s, low, high) -> fromDoubles(s, low, high, truncate), NONE);
            packed(cvt + "pd2pi", (s, low, high) -> fromDoubles(s, low, high, truncate), NONE);
            LOWERINGS.put(cvt + "ss2si", i -> new ToGeneral(i, FLOAT, truncate));
            LOWERINGS.put(cvt + "sd2si", i -> new ToGeneral(i, DOUBLE, truncate));
        }
        LOWERINGS.put("cvtsi2ss", i -> new FromGeneral(i, FLOAT));
        LOWERINGS.put("cvtsi2sd", i -> new FromGeneral(i, DOUBLE));
        LOWERINGS.put("cvtss2sd", i -> new Scalar(i, FLOAT, DOUBLE));
        LOWERINGS.put("cvtsd2ss", i -> new Scalar(i, DOUBLE, FLOAT));
    }

    private SseConversions() {}

    /** One half of a result from both halves of a source. */
    @FunctionalInterface
    private interface Part {
        long apply(Sse s, long low, long high);
    }

    private static void packed(String mnemonic, Part low, Part high) {
        LOWERINGS.put(mnemonic, i -> new Packed(i, low, high));
    }

    private static long pair(long low, long high) {
        return (low & 0xffff_ffffL) | high << 32;
    }

    private static long toFloats(Sse s, long value) {
        return pair(s.fromInteger(FLOAT, value << 32 >> 32), s.fromInteger(FLOAT, value >> 32));
    }

    private static long fromFloats(Sse s, long value, boolean truncate) {
        return pair(s.toInteger(FLOAT, value, 4, truncate), s.toInteger(FLOAT, value >>> 32, 4, truncate));
    }

    private static long fromDoubles(Sse s, long low, long high, boolean truncate) {
        return pair(s.toInteger(DOUBLE, low, 4, truncate), s.toInteger(DOUBLE, high, 4, truncate));
    }

    private static final class Packed extends VectorOp.Binary {
        private final Part low;
        private final Part high;

        Packed(Insn i, Part low, Part high) {
            super(i, false);
            this.low = low;
            this.high = high;
        }

        @Override
        void work(Cpu c) {
            s.read(c);
            c.sse.start(c.mxcsr);
            long newLow = low.apply(c.sse, c.low, c.high);
            long newHigh = high == KEEP ? 0 : high.apply(c.sse, c.low, c.high);
            SseControl.settle(c);
            d.read(c);
            d.write(c, newLow, high == KEEP ? c.high : newHigh);
        }
    }

    private static long mask(Format format) {
        return -1L >>> (64 - 8 * format.bytes());
    }

    /** Changes the lowest element only. */
    private static final class Scalar extends VectorOp {
        private final int d;
        private final Vec s;
        private final Format from;
        private final Format to;

        Scalar(Insn i, Format from, Format to) {
            super(i);
            this.d = 2 * i.reg();
            this.s = Vec.of(i, 1, true);
            this.from = from;
            this.to = to;
        }

        @Override
        void work(Cpu c) {
            s.read(c);
            c.sse.start(c.mxcsr);
            long value = c.sse.convert(from, to, c.low);
            SseControl.settle(c);
            c.xmm[d] = (c.xmm[d] & ~mask(to)) | value;
        }
    }

    private static final class FromGeneral extends VectorOp {
        private final int d;
        private final Operand s;
        private final Format to;

        FromGeneral(Insn i, Format to) {
            super(i);
            this.d = 2 * i.reg();
            this.s = Operand.of(i, 1);
            this.to = to;
        }

        @Override
        void work(Cpu c) {
            long value = s.readSigned(c);
            c.sse.start(c.mxcsr);
            long result = c.sse.fromInteger(to, value);
            SseControl.settle(c);
            c.xmm[d] = (c.xmm[d] & ~mask(to)) | result;
        }
    }

    private static final class ToGeneral extends VectorOp {
        private final Operand d;
        private final Vec s;
        private final Format from;
        private final boolean truncate;

        ToGeneral(Insn i, Format from, boolean truncate) {
            super(i);
            this.d = Operand.of(i, 0);
            this.s = Vec.of(i, 1, true);
            this.from = from;
            this.truncate = truncate;
        }

        @Override
        void work(Cpu c) {
            s.read(c);
            c.sse.start(c.mxcsr);
            long value = c.sse.toInteger(from, c.low, d.size, truncate);
            SseControl.settle(c);
            d.write(c, value);
        }
    }
}
