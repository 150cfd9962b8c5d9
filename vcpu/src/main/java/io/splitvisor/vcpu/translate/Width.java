// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.translate;

import java.lang.classfile.CodeBuilder;

/**
 * How wide the values are with which a result is computed. Registers of 32 bits are computed as {@code int}, because the JVM's compiler
 * then needs no instruction to clear the upper half; everything else as {@code long}, with anything above its size.
 */
enum Width {
    INT {
        @Override
        void push(Body b, Operand operand) {
            switch (operand) {
                case Operand.Register r when r.size() == 4 -> b.locals.getInt(r.number());
                case Operand.Constant c -> b.code.loadConstant((int) c.value());
                default -> {
                    b.raw(operand);
                    b.code.l2i();
                }
            }
        }

        @Override
        void write(Body b, Operand.Register r) {
            b.locals.putInt(r.number());
        }

        @Override
        void fromLong(CodeBuilder code) {
            code.l2i();
        }

        @Override
        void toLong(CodeBuilder code) {
            code.i2l();
        }

        @Override
        void duplicate(CodeBuilder code) {
            code.dup();
        }

        @Override
        void load(CodeBuilder code, int local) {
            code.iload(local);
        }

        @Override
        void store(CodeBuilder code, int local) {
            code.istore(local);
        }

        @Override
        void add(CodeBuilder code) {
            code.iadd();
        }

        @Override
        void subtract(CodeBuilder code) {
            code.isub();
        }

        @Override
        void and(CodeBuilder code) {
            code.iand();
        }

        @Override
        void or(CodeBuilder code) {
            code.ior();
        }

        @Override
        void xor(CodeBuilder code) {
            code.ixor();
        }

        @Override
        void negate(CodeBuilder code) {
            code.ineg();
        }

        @Override
        void shift(CodeBuilder code, int operation) {
            switch (operation) {
                case FlagKind.SHL -> code.ishl();
                case FlagKind.SHR -> code.iushr();
                default -> code.ishr();
            }
        }

        @Override
        void constant(CodeBuilder code, long value) {
            code.loadConstant((int) value);
        }
    },
    LONG {
        @Override
        void push(Body b, Operand operand) {
            b.raw(operand);
        }

        @Override
        void write(Body b, Operand.Register r) {
            b.write(r);
        }

        @Override
        void fromLong(CodeBuilder code) {}

        @Override
        void toLong(CodeBuilder code) {}

        @Override
        void duplicate(CodeBuilder code) {
            code.dup2();
        }

        @Override
        void load(CodeBuilder code, int local) {
            code.lload(local);
        }

        @Override
        void store(CodeBuilder code, int local) {
            code.lstore(local);
        }

        @Override
        void add(CodeBuilder code) {
            code.ladd();
        }

        @Override
        void subtract(CodeBuilder code) {
            code.lsub();
        }

        @Override
        void and(CodeBuilder code) {
            code.land();
        }

        @Override
        void or(CodeBuilder code) {
            code.lor();
        }

        @Override
        void xor(CodeBuilder code) {
            code.lxor();
        }

        @Override
        void negate(CodeBuilder code) {
            code.lneg();
        }

        @Override
        void shift(CodeBuilder code, int operation) {
            switch (operation) {
                case FlagKind.SHL -> code.lshl();
                case FlagKind.SHR -> code.lushr();
                default -> code.lshr();
            }
        }

        @Override
        void constant(CodeBuilder code, long value) {
            code.loadConstant(value);
        }
    };

    /** The width in which a destination's value is computed. */
    static Width of(Operand destination) {
        return destination instanceof Operand.Register r && r.size() == 4 ? INT : LONG;
    }

    /** Pushes an operand. */
    abstract void push(Body b, Operand operand);

    /** Pops a register's value. */
    abstract void write(Body b, Operand.Register r);

    /** Pops a long, pushes it in this width. */
    abstract void fromLong(CodeBuilder code);

    /** Pops a value, pushes it as a long with anything above its size. */
    abstract void toLong(CodeBuilder code);

    abstract void duplicate(CodeBuilder code);

    abstract void load(CodeBuilder code, int local);

    abstract void store(CodeBuilder code, int local);

    abstract void add(CodeBuilder code);

    abstract void subtract(CodeBuilder code);

    abstract void and(CodeBuilder code);

    abstract void or(CodeBuilder code);

    abstract void xor(CodeBuilder code);

    abstract void negate(CodeBuilder code);

    /** By a number of bits on the stack, in the manner of {@link FlagKind}. */
    abstract void shift(CodeBuilder code, int operation);

    abstract void constant(CodeBuilder code, long value);

    /** Keeps the value on the stack as a long, too. */
    void keep(CodeBuilder code, int local) {
        duplicate(code);
        toLong(code);
        code.lstore(local);
    }
}
