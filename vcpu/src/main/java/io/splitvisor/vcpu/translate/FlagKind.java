// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.translate;

import io.splitvisor.vcpu.cpu.Cpu;

/**
 * What the flag operands {@code a}, {@code b} and {@code r} of translated code stand for. At every instruction of a region the
 * kind is known when it is translated, so that a comparison and its jump become one comparison of the JVM's.
 *
 * <p>A kind is a number: an operation, and the operand's size. What {@code a} and {@code b} hold:
 *
 * <table>
 *   <caption>Operands</caption>
 *   <tr><td>{@link #CANONICAL}</td><td>{@code r}, {@code a}, {@code b} are the result, carry and aux of {@link Cpu}</td></tr>
 *   <tr><td>{@link #ADD}, {@link #ADC}, {@link #SUB}, {@link #SBB}</td><td>both operands</td></tr>
 *   <tr><td>{@link #INC}, {@link #DEC}</td><td>bit 63 of {@code a} is the carry of before</td></tr>
 *   <tr><td>{@link #SHL}, {@link #SHR}, {@link #SAR}</td><td>{@code a} has been shifted by one less than the count</td></tr>
 *   <tr><td>{@link #MUL}</td><td>{@code a} is not zero if the product did not fit</td></tr>
 * </table>
 *
 * <p>Operands may have anything above their size.
 */
final class FlagKind {
    static final int CANONICAL = 0;
    static final int ADD = 1;
    static final int ADC = 2;
    static final int SUB = 3;
    static final int SBB = 4;
    static final int LOGIC = 5;
    static final int INC = 6;
    static final int DEC = 7;
    static final int SHL = 8;
    static final int SHR = 9;
    static final int SAR = 10;
    static final int MUL = 11;

    /** Not known at this place, where paths meet: a local variable tells. */
    static final int DYNAMIC = 127;

    private FlagKind() {}

    /** The kind of an operation on operands of {@code size} bytes. */
    static int of(int operation, int size) {
        return operation << 2 | Integer.numberOfTrailingZeros(size);
    }

    static int operation(int kind) {
        return kind >> 2;
    }

    static int size(int kind) {
        return 1 << (kind & 3);
    }

    /** 64 minus the operand's bits. */
    static int up(int kind) {
        return 64 - 8 * size(kind);
    }

    /** The kind where two paths meet. */
    static int meet(int one, int other) {
        return one == other ? one : DYNAMIC;
    }

    /** Turns the flag operands that a region left in the processor into the processor's own form. */
    static void settle(Cpu c, int kind) {
        if (kind != CANONICAL) {
            long a = c.carry;
            long b = c.aux;
            long r = c.res;
            c.res = Flags.result(kind, a, b, r);
            c.carry = Flags.carry(kind, a, b, r);
            c.aux = Flags.aux(kind, a, b, r);
        }
    }
}
