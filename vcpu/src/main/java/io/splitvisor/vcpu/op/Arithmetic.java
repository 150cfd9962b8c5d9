// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.decode.Insn;
import java.util.HashMap;
import java.util.Map;

/**
 * Two-operand arithmetic and logic: ADD to CMP, TEST; and the one-operand INC, DEC, NEG, NOT. Memory is written before flags
 * change, for it may fault.
 */
final class Arithmetic {
    static final Map<String, Lowering> LOWERINGS = new HashMap<>();

    static {
        LOWERINGS.put("add", i -> new Binary(i) {
            @Override
            public void exec(Cpu c) {
                long a = d.readForWrite(c);
                long b = s.read(c);
                long r = a + b;
                d.write(c, r);
                c.flagsAdd(a, b, r, up);
            }
        });
        LOWERINGS.put("adc", i -> new Binary(i) {
            @Override
            public void exec(Cpu c) {
                long a = d.readForWrite(c);
                long b = s.read(c);
                long r = a + b + (c.carry >>> 63);
                d.write(c, r);
                c.flagsAdd(a, b, r, up);
            }
        });
        LOWERINGS.put("sub", i -> new Binary(i) {
            @Override
            public void exec(Cpu c) {
                long a = d.readForWrite(c);
                long b = s.read(c);
                long r = a - b;
                d.write(c, r);
                c.flagsSub(a, b, r, up);
            }
        });
        LOWERINGS.put("sbb", i -> new Binary(i) {
            @Override
            public void exec(Cpu c) {
                long a = d.readForWrite(c);
                long b = s.read(c);
                long r = a - b - (c.carry >>> 63);
                d.write(c, r);
                c.flagsSub(a, b, r, up);
            }
        });
        LOWERINGS.put("cmp", i -> new Binary(i) {
            @Override
            public void exec(Cpu c) {
                long a = d.read(c);
                long b = s.read(c);
                c.flagsSub(a, b, a - b, up);
            }
        });
        LOWERINGS.put("and", i -> new Binary(i) {
            @Override
            public void exec(Cpu c) {
                long r = d.readForWrite(c) & s.read(c);
                d.write(c, r);
                c.flagsLogic(r, up);
            }
        });
        LOWERINGS.put("or", i -> new Binary(i) {
            @Override
            public void exec(Cpu c) {
                long r = d.readForWrite(c) | s.read(c);
                d.write(c, r);
                c.flagsLogic(r, up);
            }
        });
        LOWERINGS.put("xor", i -> new Binary(i) {
            @Override
            public void exec(Cpu c) {
                long r = d.readForWrite(c) ^ s.read(c);
                d.write(c, r);
                c.flagsLogic(r, up);
            }
        });
        LOWERINGS.put("test", i -> new Binary(i) {
            @Override
            public void exec(Cpu c) {
                c.flagsLogic(d.read(c) & s.read(c), up);
            }
        });
        LOWERINGS.put("inc", i -> new Unary(i) {
            @Override
            public void exec(Cpu c) {
                long a = d.readForWrite(c);
                long r = a + 1;
                d.write(c, r);
                boolean carry = c.cf();
                c.flagsAdd(a, 1, r, up);
                c.carryOverflow(carry, c.of());
            }
        });
        LOWERINGS.put("dec", i -> new Unary(i) {
            @Override
            public void exec(Cpu c) {
                long a = d.readForWrite(c);
                long r = a - 1;
                d.write(c, r);
                boolean carry = c.cf();
                c.flagsSub(a, 1, r, up);
                c.carryOverflow(carry, c.of());
            }
        });
        LOWERINGS.put("neg", i -> new Unary(i) {
            @Override
            public void exec(Cpu c) {
                long a = d.readForWrite(c);
                long r = -a;
                d.write(c, r);
                c.flagsSub(0, a, r, up);
            }
        });
        LOWERINGS.put("not", i -> new Unary(i) {
            @Override
            public void exec(Cpu c) {
                d.write(c, ~d.readForWrite(c));
            }
        });
    }

    private Arithmetic() {}

    /** With a destination and a source. */
    private abstract static class Binary extends Unary {
        final Operand s;

        Binary(Insn i) {
            super(i);
            this.s = Operand.of(i, 1);
        }
    }

    /** With a destination only. */
    private abstract static class Unary extends Op {
        final Operand d;
        final int up;

        Unary(Insn i) {
            this.d = Operand.of(i, 0);
            this.up = d.up;
        }
    }
}
