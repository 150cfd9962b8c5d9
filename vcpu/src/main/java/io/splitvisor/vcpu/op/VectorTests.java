// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.cpu.Eflags;
import io.splitvisor.vcpu.decode.Insn;
import java.util.Map;

/** PTEST and the string comparisons of SSE4.2, which answer in flags. SDM volume 2, 4.1. */
final class VectorTests {
    static final Map<String, Lowering> LOWERINGS = Map.of(
            "ptest", Test::new,
            "pcmpestri", i -> new StringCompare(i, true, true),
            "pcmpestrm", i -> new StringCompare(i, true, false),
            "pcmpistri", i -> new StringCompare(i, false, true),
            "pcmpistrm", i -> new StringCompare(i, false, false));

    private static final int EQUAL_ANY = 0;
    private static final int RANGES = 1;
    private static final int EQUAL_EACH = 2;

    private VectorTests() {}

    private static final class Test extends VectorOp {
        private final int d;
        private final Vec s;

        Test(Insn i) {
            super(i);
            this.d = 2 * i.reg();
            this.s = Vec.of(i, 1, false);
        }

        @Override
        void work(Cpu c) {
            s.read(c);
            boolean none = ((c.xmm[d] & c.low) | (c.xmm[d + 1] & c.high)) == 0;
            boolean all = ((~c.xmm[d] & c.low) | (~c.xmm[d + 1] & c.high)) == 0;
            c.arithmetic((none ? Eflags.ZF : 0) | (all ? Eflags.CF : 0));
        }
    }

    /** PCMPxSTRx: a set or string in the first operand against the elements of the second. */
    private static final class StringCompare extends VectorOp {
        private final int d;
        private final Vec s;
        private final boolean explicitLengths;
        private final boolean index;
        private final boolean wideLengths;
        private final int elements;
        private final int bits;
        private final boolean signed;
        private final int aggregation;
        private final int polarity;
        private final boolean last;

        StringCompare(Insn i, boolean explicitLengths, boolean index) {
            super(i);
            this.d = 2 * i.reg();
            this.s = Vec.of(i, 1, true);
            this.explicitLengths = explicitLengths;
            this.index = index;
            this.wideLengths = i.rexW();
            int control = (int) i.immediate();
            this.bits = (control & 1) != 0 ? 16 : 8;
            this.elements = 128 / bits;
            this.signed = (control & 2) != 0;
            this.aggregation = control >> 2 & 3;
            this.polarity = control >> 4 & 3;
            this.last = (control & 0x40) != 0;
        }

        @Override
        void work(Cpu c) {
            s.read(c);
            long low = c.low;
            long high = c.high;
            int setLength = explicitLengths ? length(c.r[Cpu.RAX]) : length(c.xmm[d], c.xmm[d + 1]);
            int length = explicitLengths ? length(c.r[Cpu.RDX]) : length(low, high);
            int found = 0;
            for (int n = 0; n < elements; n++) {
                if (matches(c, low, high, n, setLength, length)) {
                    found |= 1 << n;
                }
            }
            int all = (1 << elements) - 1;
            int inverted = polarity == 1 ? all : polarity == 3 ? (1 << length) - 1 : 0;
            found ^= inverted;
            if (index) {
                int none = elements;
                int first = found == 0 ? none : Integer.numberOfTrailingZeros(found);
                c.r[Cpu.RCX] = last && found != 0 ? 31 - Integer.numberOfLeadingZeros(found) : first;
            } else {
                c.xmm[0] = last ? spread(found) : found;
                c.xmm[1] = last ? spread(found >>> (elements / 2)) : 0;
            }
            c.arithmetic((found != 0 ? Eflags.CF : 0)
                    | (length < elements ? Eflags.ZF : 0)
                    | (setLength < elements ? Eflags.SF : 0)
                    | ((found & 1) != 0 ? Eflags.OF : 0));
        }

        private int length(long register) {
            long length = wideLengths ? register : (int) register;
            return length > elements || length < -elements ? elements : (int) Math.abs(length);
        }

        /** Up to the first zero. */
        private int length(long low, long high) {
            int n = 0;
            while (n < elements && element(low, high, n) != 0) {
                n++;
            }
            return n;
        }

        private int element(long low, long high, int n) {
            int at = n * bits;
            long value = (at < 64 ? low : high) << (64 - bits - (at & 63));
            return (int) (signed ? value >> (64 - bits) : value >>> (64 - bits));
        }

        private boolean matches(Cpu c, long low, long high, int n, int setLength, int length) {
            switch (aggregation) {
                case EQUAL_ANY -> {
                    for (int k = 0; k < setLength; k++) {
                        if (n < length && set(c, k) == element(low, high, n)) {
                            return true;
                        }
                    }
                    return false;
                }
                case RANGES -> {
                    for (int k = 0; k + 1 < setLength; k += 2) {
                        int value = element(low, high, n);
                        if (n < length && set(c, k) <= value && value <= set(c, k + 1)) {
                            return true;
                        }
                    }
                    return false;
                }
                case EQUAL_EACH -> {
                    return n < setLength && n < length
                            ? set(c, n) == element(low, high, n)
                            : n >= setLength && n >= length;
                }
                default -> {
                    // Beyond the end of the register nothing is compared, beyond that of the string nothing is equal.
                    for (int k = 0; k < setLength && n + k < elements; k++) {
                        if (n + k >= length || set(c, k) != element(low, high, n + k)) {
                            return false;
                        }
                    }
                    return true;
                }
            }
        }

        private int set(Cpu c, int n) {
            return element(c.xmm[d], c.xmm[d + 1], n);
        }

        private long spread(int mask) {
            long result = 0;
            for (int n = 0; n < elements / 2; n++) {
                result |= (mask >>> n & 1) == 0 ? 0 : -1L >>> (64 - bits) << (n * bits);
            }
            return result;
        }
    }
}
