// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.cpu;

import io.splitvisor.vcpu.fp.Sse;
import io.splitvisor.vcpu.mmu.GuestFault;
import io.splitvisor.vcpu.mmu.Mmu;
import io.splitvisor.vcpu.mmu.Tlb;

/**
 * The state of one processor, and what every instruction needs of it. Fields are public because instructions of other
 * packages are its hot path; the package is not exported.
 *
 * <p><b>Flags are lazy.</b> Three longs stand for the six arithmetic flags, so that an instruction stores values that it
 * has anyway, and most are overwritten unread:
 * <ul>
 *   <li>{@link #res}: the result, sign-extended. ZF is {@code res == 0}.
 *   <li>{@link #carry}: the carries out of every bit, moved up so that bit 63 is CF; OF is bit 63 xor bit 62.
 *   <li>{@link #aux}: bit 4 is AF; bit 63 inverts the sign of {@code res} and bits 8 to 15 its low byte, so that any
 *       combination of ZF, SF and PF can be expressed. Arithmetic leaves both zero.
 * </ul>
 */
public final class Cpu {
    /** Register numbers. */
    public static final int RAX = 0;

    /** See {@link #RAX}. */
    public static final int RCX = 1;

    /** See {@link #RAX}. */
    public static final int RDX = 2;

    /** See {@link #RAX}. */
    public static final int RBX = 3;

    /** See {@link #RAX}. */
    public static final int RSP = 4;

    /** See {@link #RAX}. */
    public static final int RBP = 5;

    /** See {@link #RAX}. */
    public static final int RSI = 6;

    /** See {@link #RAX}. */
    public static final int RDI = 7;

    /** Pseudo register: always zero, so that an address needs no case for a missing base or index. */
    public static final int ZERO = 16;

    /** Pseudo register: the instruction pointer at the start of the block, for addresses relative to it. */
    public static final int BLOCK = 17;

    /** Pseudo register: the base of FS. */
    public static final int FS_BASE = 18;

    /** Pseudo register: the base of GS. */
    public static final int GS_BASE = 19;

    /** Segment register numbers, as instructions encode them. */
    public static final int ES = 0;

    /** See {@link #ES}. */
    public static final int CS = 1;

    /** See {@link #ES}. */
    public static final int SS = 2;

    /** See {@link #ES}. */
    public static final int DS = 3;

    /** See {@link #ES}. */
    public static final int FS = 4;

    /** See {@link #ES}. */
    public static final int GS = 5;

    /** {@link #mode}: 16-bit code. */
    public static final int CODE16 = 0;

    /** {@link #mode}: 32-bit code. */
    public static final int CODE32 = 1;

    /** {@link #mode}: 64-bit code. */
    public static final int CODE64 = 2;

    /** General registers, then the pseudo registers; those from 32 on take results that nobody wants. */
    public final long[] r = new long[64];

    /** The instruction pointer: offset in CS. Exact between blocks; see {@link #BLOCK} inside one. */
    public long rip;

    /** Lazy flags: see the class. */
    public long res = 1;

    /** Lazy flags: see the class. */
    public long carry;

    /** Lazy flags: see the class. */
    public long aux;

    /** The other flags of RFLAGS; its arithmetic bits are zero. */
    public long flags = Eflags.ONE;

    /** The x87 and MMX. */
    public final Fpu fpu = new Fpu();

    /** XMM registers: low and high half of each in turn. */
    public final long[] xmm = new long[32];

    /** Control and status of SSE. */
    public int mxcsr = 0x1f80;

    /** Arithmetic of SSE. */
    public final Sse sse = new Sse();

    /** The low half of a 16-byte operand that was read last. */
    public long low;

    /** The high half of a 16-byte operand that was read last. */
    public long high;

    /** What a locked instruction has read. */
    public long lockedValue;

    /** Segment registers. */
    public final Segment[] seg = {
        new Segment(), new Segment(), new Segment(), new Segment(), new Segment(), new Segment()
    };

    /** Local descriptor table. */
    public final Segment ldtr = new Segment();

    /** Task register. */
    public final Segment tr = new Segment();

    /** Global descriptor table: base. */
    public long gdtBase;

    /** Global descriptor table: limit. */
    public int gdtLimit;

    /** Interrupt descriptor table: base. */
    public long idtBase;

    /** Interrupt descriptor table: limit. */
    public int idtLimit;

    /** Current privilege level. */
    public int cpl;

    /** Size of code: {@link #CODE16}, {@link #CODE32} or {@link #CODE64}. */
    public int mode;

    /** Which bits of RSP a push counts with. */
    public long stackMask;

    /** Instructions retired before the running block. */
    public long retired;

    /** Set by whoever wants the processor to look at {@link Pending} before its next block. */
    public volatile boolean attention;

    /** What waits for the end of an instruction. */
    public final Pending pending = new Pending();

    /** Control and model-specific registers. */
    public final SystemRegisters sys;

    /** Memory. */
    public final Mmu mmu;

    /** Accesses that the host answers. */
    public final HostAccess host;

    /** Breakpoints. */
    public final DebugUnit debug;

    /** The fault that instructions throw. */
    public final GuestFault fault;

    /** What the processor asks of its surroundings. */
    public final Environment env;

    /** A processor after reset. */
    public Cpu(Environment env, CodeWatch code) {
        this.env = env;
        this.sys = new SystemRegisters(this);
        this.host = new HostAccess(this, code);
        this.mmu = new Mmu(env.memory(), sys.paging(), host);
        this.fault = mmu.fault();
        this.debug = new DebugUnit(this, code::aboutToTrap);
        reset();
    }

    /** Brings the state to what it is after power-on. */
    public void reset() {
        java.util.Arrays.fill(r, 0);
        java.util.Arrays.fill(xmm, 0);
        mxcsr = 0x1f80;
        fpu.reset();
        r[RDX] = 0x663;
        rip = 0xfff0;
        eflags(Eflags.ONE);
        for (Segment s : seg) {
            s.load(0, 0, 0xffff, 0x93);
        }
        seg[CS].load(0xf000, 0xffff_0000L, 0xffff, 0x93);
        ldtr.load(0, 0, 0xffff, 0x82);
        tr.load(0, 0, 0xffff, 0x8b);
        gdtBase = 0;
        gdtLimit = 0xffff;
        idtBase = 0;
        idtLimit = 0xffff;
        cpl = 0;
        sys.reset();
        host.clear();
        pending.clear();
        debug.forget();
        debug.changed();
        modeChanged();
    }

    /** Derives what depends on CS, SS, CR0, EFER and EFLAGS. To be called when one of them changes. */
    public void modeChanged() {
        if (sys.longMode() && seg[CS].has(Segment.L)) {
            mode = CODE64;
            stackMask = -1;
        } else {
            mode = seg[CS].has(Segment.DB) ? CODE32 : CODE16;
            stackMask = seg[SS].has(Segment.DB) ? 0xffff_ffffL : 0xffffL;
        }
        mmu.checkCanonical(sys.longMode());
        bankChanged();
    }

    /** Derives the TLB bank from CPL, SMAP, alignment checks and AC. */
    public void bankChanged() {
        boolean ac = (flags & Eflags.AC) != 0;
        if (cpl == 3) {
            mmu.bank(ac && (sys.cr0 & SystemRegisters.CR0_AM) != 0 ? Tlb.USER_ALIGNED : Tlb.USER);
        } else {
            mmu.bank(ac && sys.smap() ? Tlb.SUPERVISOR_AC : Tlb.SUPERVISOR);
        }
    }

    /** Virtual 8086 mode: a task of protected mode that thinks in real mode's segments. */
    public boolean virtual8086() {
        return (flags & Eflags.VM) != 0;
    }

    /** Whether selectors are addresses divided by 16: in real and in virtual 8086 mode. */
    public boolean plainSelectors() {
        return realMode() || virtual8086();
    }

    /** Real mode: no protection. */
    public boolean realMode() {
        return (sys.cr0 & SystemRegisters.CR0_PE) == 0;
    }

    /** Sets a segment's base, and the pseudo register that mirrors it. */
    public void segmentBase(int number, long base) {
        seg[number].base(base);
        segmentChanged(number);
    }

    /** Mirrors FS and GS into their pseudo registers. */
    public void segmentChanged(int number) {
        if (number >= FS) {
            r[FS_BASE + number - FS] = seg[number].base();
        }
    }

    // Flags

    /** Flags of {@code r = a + b} (with carry in, if any); {@code up} is 64 minus the operand size in bits. */
    public void flagsAdd(long a, long b, long r, int up) {
        res = r << up >> up;
        carry = ((a & b) | ((a | b) & ~r)) << up;
        aux = (a ^ b ^ r) & Eflags.AF;
    }

    /** Flags of {@code r = a - b} (with borrow in, if any). */
    public void flagsSub(long a, long b, long r, int up) {
        res = r << up >> up;
        carry = ((~a & b) | ((~a | b) & r)) << up;
        aux = (a ^ b ^ r) & Eflags.AF;
    }

    /** Flags of a logical operation; AF, undefined, is cleared. */
    public void flagsLogic(long r, int up) {
        res = r << up >> up;
        carry = 0;
        aux = 0;
    }

    /** Sets carry and overflow, leaving the other flags. */
    public void carryOverflow(boolean cf, boolean of) {
        carry = (cf ? Long.MIN_VALUE : 0) | (cf != of ? 1L << 62 : 0);
    }

    /** Carry. */
    public boolean cf() {
        return carry < 0;
    }

    /** Overflow. */
    public boolean of() {
        return (carry ^ carry << 1) < 0;
    }

    /** Zero. */
    public boolean zf() {
        return res == 0;
    }

    /** Sign. */
    public boolean sf() {
        return (res ^ aux) < 0;
    }

    /** Parity. */
    public boolean pf() {
        return (Integer.bitCount((int) (res ^ aux >>> 8) & 0xff) & 1) == 0;
    }

    /** Auxiliary carry. */
    public boolean af() {
        return (aux & Eflags.AF) != 0;
    }

    /** A condition code as Jcc encodes it. */
    public boolean condition(int code) {
        return switch (code) {
            case 0 -> of();
            case 1 -> !of();
            case 2 -> carry < 0;
            case 3 -> carry >= 0;
            case 4 -> res == 0;
            case 5 -> res != 0;
            case 6 -> carry < 0 || res == 0;
            case 7 -> carry >= 0 && res != 0;
            case 8 -> (res ^ aux) < 0;
            case 9 -> (res ^ aux) >= 0;
            case 10 -> pf();
            case 11 -> !pf();
            case 12 -> (res ^ aux ^ carry ^ carry << 1) < 0;
            case 13 -> (res ^ aux ^ carry ^ carry << 1) >= 0;
            case 14 -> (res ^ aux ^ carry ^ carry << 1) < 0 || res == 0;
            default -> (res ^ aux ^ carry ^ carry << 1) >= 0 && res != 0;
        };
    }

    /** All of RFLAGS. */
    public long eflags() {
        return flags
                | (cf() ? Eflags.CF : 0)
                | (pf() ? Eflags.PF : 0)
                | (aux & Eflags.AF)
                | (zf() ? Eflags.ZF : 0)
                | (sf() ? Eflags.SF : 0)
                | (of() ? Eflags.OF : 0);
    }

    /** Sets all of RFLAGS; the caller has masked what may not change. */
    public void eflags(long value) {
        arithmetic(value);
        flags = (value & (Eflags.ALL & ~Eflags.ARITHMETIC)) | Eflags.ONE;
    }

    /** Sets the six arithmetic flags. */
    public void arithmetic(long value) {
        boolean zero = (value & Eflags.ZF) != 0;
        boolean even = (value & Eflags.PF) != 0;
        res = zero ? 0 : 1;
        // A zero byte has even parity, a one has not: the low bit of the inverter tells the two apart.
        aux = (value & Eflags.AF) | ((value & Eflags.SF) != 0 ? Long.MIN_VALUE : 0) | (zero != even ? 1 << 8 : 0);
        carryOverflow((value & Eflags.CF) != 0, (value & Eflags.OF) != 0);
    }

    /** The linear address of the next instruction. */
    public long linearIp() {
        return mode == CODE64 ? rip : seg[CS].base() + rip & 0xffff_ffffL;
    }

    // Memory outside 64-bit mode's flat address space

    /**
     * The linear address of an operand in any mode.
     *
     * @param number segment register
     * @param offset already cut to the address size
     */
    public long linear(int number, long offset, int size, boolean write) {
        Segment s = seg[number];
        if (mode == CODE64) {
            return number >= FS ? s.base() + offset : offset;
        }
        if (!s.allows(offset, size, write)) {
            throw number == SS ? fault.exception(Vector.SS, 0) : gp(0);
        }
        return s.base() + offset & 0xffff_ffffL;
    }

    /** Pushes 2, 4 or 8 bytes. */
    public void push(long value, int size) {
        long sp = r[RSP] - size & stackMask;
        mmu.store(linear(SS, sp, size, true), size, value);
        stackPointer(sp);
    }

    /** Reads what a pop would, {@code depth} bytes deep, without popping. */
    public long peek(int depth, int size) {
        return mmu.load(linear(SS, r[RSP] + depth & stackMask, size, false), size);
    }

    /** Pops what {@link #peek} showed. */
    public void drop(long bytes) {
        stackPointer(r[RSP] + bytes & stackMask);
    }

    /** Sets the part of RSP that pushes count with. */
    public void stackPointer(long sp) {
        r[RSP] = (r[RSP] & ~stackMask) | (sp & stackMask);
    }

    /** Sets a register's low 16, 32 or 64 bits by the rules for results: 32 bits clear the upper half. */
    public void set(int register, int size, long value) {
        r[register] = switch (size) {
            case 8 -> value;
            case 4 -> value & 0xffff_ffffL;
            case 2 -> (r[register] & ~0xffffL) | (value & 0xffff);
            default -> (r[register] & ~0xffL) | (value & 0xff);
        };
    }

    // Faults

    /** #GP. */
    public GuestFault gp(int error) {
        return fault.exception(Vector.GP, error);
    }

    /** #UD. */
    public GuestFault ud() {
        return fault.exception(Vector.UD);
    }

    /** #GP(0) unless the current privilege level is zero. */
    public void requireRing0() {
        if (cpl != 0) {
            throw gp(0);
        }
    }
}
