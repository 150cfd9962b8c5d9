// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.decode.Arg;
import io.splitvisor.vcpu.decode.Insn;
import java.util.Set;

/** The commonest moves once more, small and direct, as {@link HotArithmetic}: in 64-bit mode with 64-bit addresses. */
final class HotMoves {
    private HotMoves() {}

    /** Whether some forms of an instruction are here. */
    static boolean has(String mnemonic) {
        return Set.of("mov", "movzx", "lea", "push", "pop").contains(mnemonic);
    }

    /** The small form of an instruction, or null if it has none. */
    static Op lower(Insn i) {
        if (i.mode() != Insn.MODE64 || i.addressBytes() != 8 || (int) i.displacement() != i.displacement()) {
            return null;
        }
        return switch (i.row().mnemonic()) {
            case "mov" -> mov(i);
            case "movzx" -> i.hasMemory() ? load(i, i.row().args().get(1).size(i)) : null;
            case "lea" -> i.operandBytes() >= 4 ? new Lea(i) : null;
            case "push" -> register(i) ? new Push(i.opcodeRegister()) : null;
            case "pop" -> register(i) && i.opcodeRegister() != Cpu.RSP ? new Pop(i.opcodeRegister()) : null;
            default -> null;
        };
    }

    private static boolean register(Insn i) {
        return i.row().args().get(0).kind() == Arg.Kind.OPCODE_REG && i.operandBytes() == 8;
    }

    private static Op mov(Insn i) {
        Arg.Kind to = i.row().args().get(0).kind();
        Arg.Kind from = i.row().args().get(1).kind();
        int size = i.row().args().get(0).size(i);
        if (to == Arg.Kind.RM && from == Arg.Kind.REG) {
            if (i.hasMemory()) {
                return store(i, size);
            }
            return size >= 4 ? new Move(i.rm(), i.reg(), size) : null;
        }
        if (to == Arg.Kind.REG && from == Arg.Kind.RM) {
            if (i.hasMemory()) {
                return size >= 4 ? load(i, size) : null;
            }
            return size >= 4 ? new Move(i.reg(), i.rm(), size) : null;
        }
        if (from == Arg.Kind.IMM && size >= 4 && !i.hasMemory()) {
            int d = to == Arg.Kind.RM ? i.rm() : i.opcodeRegister();
            long value = size == 4 ? i.immediate() & 0xffff_ffffL : i.immediate();
            return new Constant(d, value);
        }
        return null;
    }

    private static Op load(Insn i, int size) {
        if (i.operandBytes() < 4) {
            return null;
        }
        return switch (size) {
            case 1 ->
                new Addressed(i) {
                    @Override
                    public void exec(Cpu c) {
                        c.r[register] = c.mmu.load8(address(c.r));
                    }
                };
            case 2 ->
                new Addressed(i) {
                    @Override
                    public void exec(Cpu c) {
                        c.r[register] = c.mmu.load16(address(c.r));
                    }
                };
            case 4 ->
                new Addressed(i) {
                    @Override
                    public void exec(Cpu c) {
                        c.r[register] = c.mmu.load32(address(c.r));
                    }
                };
            default ->
                new Addressed(i) {
                    @Override
                    public void exec(Cpu c) {
                        c.r[register] = c.mmu.load64(address(c.r));
                    }
                };
        };
    }

    private static Op store(Insn i, int size) {
        return switch (size) {
            case 4 ->
                new Addressed(i) {
                    @Override
                    public void exec(Cpu c) {
                        c.mmu.store32(address(c.r), c.r[register]);
                    }
                };
            case 8 ->
                new Addressed(i) {
                    @Override
                    public void exec(Cpu c) {
                        c.mmu.store64(address(c.r), c.r[register]);
                    }
                };
            default -> null;
        };
    }

    private static final class Move extends Op {
        private final byte d;
        private final byte s;
        private final byte up;

        Move(int d, int s, int size) {
            this.d = (byte) d;
            this.s = (byte) s;
            this.up = (byte) (64 - 8 * size);
        }

        @Override
        public void exec(Cpu c) {
            c.r[d] = c.r[s] << up >>> up;
        }
    }

    private static final class Constant extends Op {
        private final byte d;
        private final long value;

        Constant(int d, long value) {
            this.d = (byte) d;
            this.value = value;
        }

        @Override
        public void exec(Cpu c) {
            c.r[d] = value;
        }
    }

    /** With a register and an address. */
    private abstract static class Addressed extends Op {
        final byte register;
        private final byte base;
        private final byte index;
        private final byte scale;
        private final byte segment;
        private final int displacement;

        Addressed(Insn i) {
            this.register = (byte) i.reg();
            this.base = (byte) i.base();
            this.index = (byte) i.index();
            this.scale = (byte) i.scale();
            this.segment = (byte) Ea.baseRegister(i.memorySegment());
            this.displacement = (int) i.displacement();
        }

        final long offset(long[] r) {
            return r[base] + (r[index] << scale) + displacement;
        }

        final long address(long[] r) {
            return offset(r) + r[segment];
        }
    }

    private static final class Lea extends Addressed {
        private final byte up;

        Lea(Insn i) {
            super(i);
            this.up = (byte) (64 - 8 * i.operandBytes());
        }

        @Override
        public void exec(Cpu c) {
            c.r[register] = offset(c.r) << up >>> up;
        }
    }

    private static final class Push extends Op {
        private final byte s;

        Push(int s) {
            this.s = (byte) s;
        }

        @Override
        public void exec(Cpu c) {
            long sp = c.r[Cpu.RSP] - 8;
            c.mmu.store64(sp, c.r[s]);
            c.r[Cpu.RSP] = sp;
        }
    }

    private static final class Pop extends Op {
        private final byte d;

        Pop(int d) {
            this.d = (byte) d;
        }

        @Override
        public void exec(Cpu c) {
            long sp = c.r[Cpu.RSP];
            c.r[d] = c.mmu.load64(sp);
            c.r[Cpu.RSP] = sp + 8;
        }
    }
}
