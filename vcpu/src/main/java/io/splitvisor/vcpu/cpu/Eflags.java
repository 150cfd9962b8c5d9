// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.cpu;

/** Bits of RFLAGS. */
public final class Eflags {
    /** Carry. */
    public static final int CF = 1;
    /** Always one. */
    public static final int ONE = 1 << 1;
    /** Even parity of the low byte. */
    public static final int PF = 1 << 2;
    /** Carry out of bit 3. */
    public static final int AF = 1 << 4;
    /** Zero. */
    public static final int ZF = 1 << 6;
    /** Sign. */
    public static final int SF = 1 << 7;
    /** Single-step. */
    public static final int TF = 1 << 8;
    /** Interrupts enabled. */
    public static final int IF = 1 << 9;
    /** String operations go down. */
    public static final int DF = 1 << 10;
    /** Signed overflow. */
    public static final int OF = 1 << 11;
    /** I/O privilege level, two bits. */
    public static final int IOPL = 3 << 12;
    /** Nested task. */
    public static final int NT = 1 << 14;
    /** Resume. */
    public static final int RF = 1 << 16;
    /** Virtual 8086 mode. */
    public static final int VM = 1 << 17;
    /** Alignment check; with SMAP, access to user pages. */
    public static final int AC = 1 << 18;
    /** Virtual interrupt flag. */
    public static final int VIF = 1 << 19;
    /** Virtual interrupt pending. */
    public static final int VIP = 1 << 20;
    /** CPUID can be executed. */
    public static final int ID = 1 << 21;

    /** The six flags that arithmetic sets. */
    public static final int ARITHMETIC = CF | PF | AF | ZF | SF | OF;
    /** Every bit that can be set. */
    public static final int ALL = ARITHMETIC | TF | IF | DF | IOPL | NT | RF | VM | AC | VIF | VIP | ID;

    private Eflags() {}
}
