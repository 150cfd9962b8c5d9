// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.decode.Arg;
import io.splitvisor.vcpu.decode.Insn;

/** Something that an instruction reads or writes. Values are zero-extended; immediates are sign-extended. */
abstract class Operand {
    /** Bytes. */
    final int size;
    /** 64 minus the bits: what moves the operand's sign to bit 63. */
    final int up;

    Operand(int size) {
        this.size = size;
        this.up = 64 - 8 * size;
    }

    abstract long read(Cpu c);

    /** Reads what {@link #write} will replace, faulting as it would. */
    long readForWrite(Cpu c) {
        return read(c);
    }

    abstract void write(Cpu c, long value);

    final long readSigned(Cpu c) {
        return read(c) << up >> up;
    }

    /** Operand number {@code n} of an instruction. */
    static Operand of(Insn i, int n) {
        Arg arg = i.row().args().get(n);
        int size = arg.size(i);
        return switch (arg.kind()) {
            case RM, MEMORY -> i.hasMemory() ? memory(i, size) : register(i, i.rm(), size);
            case REG -> register(i, i.reg(), size);
            case OPCODE_REG -> register(i, i.opcodeRegister(), size);
            case ACC -> Register.of(Cpu.RAX, size);
            case COUNT -> Register.of(Cpu.RCX, 1);
            case PORT -> Register.of(Cpu.RDX, 2);
            case ONE -> new Constant(1, 1);
            case IMM -> new Constant(immediate(i, n), size);
            case OFFSET -> new Memory(Absolute.of(i), size);
            default -> throw new IllegalArgumentException(arg + " is not a plain operand");
        };
    }

    /** XCHG with memory is locked, with and without the prefix. */
    private static Operand memory(Insn i, int size) {
        boolean locked = i.lock() || i.row().mnemonic().equals("xchg");
        return locked ? new LockedMemory(Ea.of(i), size) : new Memory(Ea.of(i), size);
    }

    private static long immediate(Insn i, int n) {
        boolean second = n > 0 && i.row().args().get(n - 1).kind() == Arg.Kind.IMM;
        return second ? i.immediate2() : i.immediate();
    }

    static Register register(Insn i, int number, int size) {
        boolean high = size == 1 && !i.hasRex() && number >= 4;
        return high ? Register.HIGH[number - 4] : Register.of(number, size);
    }

    /** A general register, or part of one. */
    static final class Register extends Operand {
        /** One instance each is enough, and keeps what instructions refer to small: it stays in the cache. */
        private static final Register[] LOW = new Register[64];

        private static final Register[] HIGH = new Register[4];

        static {
            for (int n = 0; n < 16; n++) {
                for (int log = 0; log < 4; log++) {
                    LOW[n << 2 | log] = new Register(n, 0, 1 << log);
                }
            }
            for (int n = 0; n < 4; n++) {
                HIGH[n] = new Register(n, 8, 1);
            }
        }

        final int number;
        private final int shift;
        private final long mask;
        private final long keep;

        static Register of(int number, int size) {
            return LOW[number << 2 | Integer.numberOfTrailingZeros(size)];
        }

        private Register(int number, int shift, int size) {
            super(size);
            this.number = number;
            this.shift = shift;
            this.mask = -1L >>> up;
            this.keep = size >= 4 ? 0 : ~(mask << shift);
        }

        @Override
        long read(Cpu c) {
            return c.r[number] >>> shift & mask;
        }

        @Override
        void write(Cpu c, long value) {
            c.r[number] = (c.r[number] & keep) | (value & mask) << shift;
        }
    }

    /** Memory. */
    static class Memory extends Operand {
        final Ea ea;

        Memory(Ea ea, int size) {
            super(size);
            this.ea = ea;
        }

        @Override
        long read(Cpu c) {
            return c.mmu.load(ea.linear(c, size, false), size);
        }

        @Override
        long readForWrite(Cpu c) {
            return c.mmu.loadForStore(ea.linear(c, size, true), size);
        }

        @Override
        void write(Cpu c, long value) {
            c.mmu.store(ea.linear(c, size, true), size, value);
        }
    }

    /**
     * Memory that is read and written as one. Instructions write before they change anything else, so that one that
     * somebody else came between simply starts again.
     */
    static final class LockedMemory extends Memory {
        LockedMemory(Ea ea, int size) {
            super(ea, size);
        }

        @Override
        long readForWrite(Cpu c) {
            long value = super.readForWrite(c);
            c.lockedValue = value;
            return value;
        }

        @Override
        void write(Cpu c, long value) {
            if (!c.mmu.atomics().compareAndSet(ea.linear(c, size, true), size, c.lockedValue, value)) {
                throw c.fault.restart();
            }
        }
    }

    /** An immediate. */
    static final class Constant extends Operand {
        final long value;

        Constant(long value, int size) {
            super(size);
            this.value = value;
        }

        @Override
        long read(Cpu c) {
            return value;
        }

        @Override
        void write(Cpu c, long ignored) {
            throw new IllegalStateException("an immediate cannot be written");
        }
    }

    /** The address of a move from or to an absolute offset. */
    private static final class Absolute extends Ea {
        private final long offset;
        private final int segment;
        private final boolean flat;

        private Absolute(Insn i) {
            super(i);
            this.offset = i.immediate();
            this.segment = i.memorySegment();
            this.flat = i.mode() == Insn.MODE64;
        }

        static Ea of(Insn i) {
            return new Absolute(i);
        }

        @Override
        long linear(Cpu c, int size, boolean write) {
            return flat ? offset + c.r[baseRegister(segment)] : c.linear(segment, offset, size, write);
        }

        @Override
        long linearAt(Cpu c, long distance, int size, boolean write) {
            throw new IllegalStateException("no bit strings at absolute offsets");
        }

        @Override
        long offset(Cpu c) {
            return offset;
        }
    }
}
