// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.decode.Arg;
import io.splitvisor.vcpu.decode.Insn;
import java.util.HashMap;
import java.util.Map;

/**
 * The commonest arithmetic once more, in a form that is small and direct: 32 or 64 bits, a register with a register or
 * with an immediate. Each has a class of its own, so that executing it is one call. What runs most is a matter of how much of it fits into the host's caches, so one object of 24 bytes
 * holds everything.
 */
final class HotArithmetic {
    private static final Map<String, Factory> WITH_REGISTER = new HashMap<>();
    private static final Map<String, Factory> WITH_IMMEDIATE = new HashMap<>();
    private static final Map<String, Factory> SHIFTS = new HashMap<>();

    static {
        hot(
                "add",
                (to, from, shift) -> new WithRegister(to, from, shift) {
                    @Override
                    public void exec(Cpu c) {
                        add(c, c.r[d], c.r[s]);
                    }
                },
                (to, from, shift) -> new WithImmediate(to, from, shift) {
                    @Override
                    public void exec(Cpu c) {
                        add(c, c.r[d], s);
                    }
                });
        hot(
                "sub",
                (to, from, shift) -> new WithRegister(to, from, shift) {
                    @Override
                    public void exec(Cpu c) {
                        subtract(c, c.r[d], c.r[s]);
                    }
                },
                (to, from, shift) -> new WithImmediate(to, from, shift) {
                    @Override
                    public void exec(Cpu c) {
                        subtract(c, c.r[d], s);
                    }
                });
        hot(
                "cmp",
                (to, from, shift) -> new WithRegister(to, from, shift) {
                    @Override
                    public void exec(Cpu c) {
                        compare(c, c.r[d], c.r[s]);
                    }
                },
                (to, from, shift) -> new WithImmediate(to, from, shift) {
                    @Override
                    public void exec(Cpu c) {
                        compare(c, c.r[d], s);
                    }
                });
        hot(
                "and",
                (to, from, shift) -> new WithRegister(to, from, shift) {
                    @Override
                    public void exec(Cpu c) {
                        logic(c, c.r[d] & c.r[s]);
                    }
                },
                (to, from, shift) -> new WithImmediate(to, from, shift) {
                    @Override
                    public void exec(Cpu c) {
                        logic(c, c.r[d] & s);
                    }
                });
        hot(
                "or",
                (to, from, shift) -> new WithRegister(to, from, shift) {
                    @Override
                    public void exec(Cpu c) {
                        logic(c, c.r[d] | c.r[s]);
                    }
                },
                (to, from, shift) -> new WithImmediate(to, from, shift) {
                    @Override
                    public void exec(Cpu c) {
                        logic(c, c.r[d] | s);
                    }
                });
        hot(
                "xor",
                (to, from, shift) -> new WithRegister(to, from, shift) {
                    @Override
                    public void exec(Cpu c) {
                        logic(c, c.r[d] ^ c.r[s]);
                    }
                },
                (to, from, shift) -> new WithImmediate(to, from, shift) {
                    @Override
                    public void exec(Cpu c) {
                        logic(c, c.r[d] ^ s);
                    }
                });
        hot(
                "test",
                (to, from, shift) -> new WithRegister(to, from, shift) {
                    @Override
                    public void exec(Cpu c) {
                        c.flagsLogic(c.r[d] & c.r[s], up);
                    }
                },
                (to, from, shift) -> new WithImmediate(to, from, shift) {
                    @Override
                    public void exec(Cpu c) {
                        c.flagsLogic(c.r[d] & s, up);
                    }
                });
        shift("shl", (to, count, shift) -> new WithImmediate(to, count, shift) {
            @Override
            public void exec(Cpu c) {
                long a = zeroExtended(c);
                long r = a << s;
                boolean cf = (a >>> (64 - up - s) & 1) != 0;
                shifted(c, r, cf, cf != r << up < 0);
            }
        });
        shift("shr", (to, count, shift) -> new WithImmediate(to, count, shift) {
            @Override
            public void exec(Cpu c) {
                long a = zeroExtended(c);
                long r = a >>> s;
                shifted(c, r, (a >>> (s - 1) & 1) != 0, r << up < 0 != r << (up + 1) < 0);
            }
        });
        shift("sar", (to, count, shift) -> new WithImmediate(to, count, shift) {
            @Override
            public void exec(Cpu c) {
                long a = c.r[d] << up >> up;
                shifted(c, a >> s, (a >> (s - 1) & 1) != 0, false);
            }
        });
    }

    private HotArithmetic() {}

    @FunctionalInterface
    private interface Factory {
        Op of(int to, int from, int shift);
    }

    private static void hot(String mnemonic, Factory withRegister, Factory withImmediate) {
        WITH_REGISTER.put(mnemonic, withRegister);
        WITH_IMMEDIATE.put(mnemonic, withImmediate);
    }

    /** A shift by an immediate that is not zero. */
    private static void shift(String mnemonic, Factory factory) {
        SHIFTS.put(mnemonic, factory);
    }

    /** Whether some forms of an instruction are here. */
    static boolean has(String mnemonic) {
        return WITH_REGISTER.containsKey(mnemonic) || SHIFTS.containsKey(mnemonic);
    }

    /** The small form of an instruction, or null if it has none. */
    static Op lower(Insn i) {
        if (i.row().args().size() != 2 || i.lock() || i.hasMemory()) {
            return null;
        }
        Arg.Kind to = i.row().args().get(0).kind();
        Arg.Kind from = i.row().args().get(1).kind();
        int size = i.row().args().get(0).size(i);
        if (size < 4 || (to != Arg.Kind.RM && to != Arg.Kind.REG && to != Arg.Kind.ACC)) {
            return null;
        }
        int shift = 64 - 8 * size;
        Factory shifts = SHIFTS.get(i.row().mnemonic());
        if (shifts != null) {
            int count = (from == Arg.Kind.ONE ? 1 : (int) i.immediate()) & (size == 8 ? 63 : 31);
            return from == Arg.Kind.COUNT || count == 0 ? null : shifts.of(number(i, to), count, shift);
        }
        return switch (from) {
            case RM, REG -> WITH_REGISTER.get(i.row().mnemonic()).of(number(i, to), number(i, from), shift);
            case IMM -> WITH_IMMEDIATE.get(i.row().mnemonic()).of(number(i, to), (int) i.immediate(), shift);
            default -> null;
        };
    }

    private static int number(Insn i, Arg.Kind kind) {
        return switch (kind) {
            case RM -> i.rm();
            case REG -> i.reg();
            default -> Cpu.RAX;
        };
    }

    /** On a register, and what may be done to it. */
    private abstract static class Hot extends Op {
        final byte d;
        final byte up;

        Hot(int to, int shift) {
            this.d = (byte) to;
            this.up = (byte) shift;
        }

        final void add(Cpu c, long a, long b) {
            long r = a + b;
            c.r[d] = r << up >>> up;
            c.flagsAdd(a, b, r, up);
        }

        final void subtract(Cpu c, long a, long b) {
            long r = a - b;
            c.r[d] = r << up >>> up;
            c.flagsSub(a, b, r, up);
        }

        final void compare(Cpu c, long a, long b) {
            c.flagsSub(a, b, a - b, up);
        }

        final long zeroExtended(Cpu c) {
            return c.r[d] << up >>> up;
        }

        final void shifted(Cpu c, long r, boolean cf, boolean of) {
            logic(c, r);
            c.carryOverflow(cf, of);
        }

        final void logic(Cpu c, long r) {
            c.r[d] = r << up >>> up;
            c.flagsLogic(r, up);
        }
    }

    private abstract static class WithRegister extends Hot {
        final byte s;

        WithRegister(int to, int from, int shift) {
            super(to, shift);
            this.s = (byte) from;
        }
    }

    private abstract static class WithImmediate extends Hot {
        final int s;

        WithImmediate(int to, int from, int shift) {
            super(to, shift);
            this.s = from;
        }
    }
}
