// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.cpu;

/** Far jumps, calls and returns, IRET, and the fast system calls. */
public final class FarTransfer {
    private static final int CALL_GATE = 12;
    private static final int CALL_GATE16 = 4;
    private static final long FLAT_CODE64 = 0x00af_9b00_0000_ffffL;
    private static final long FLAT_CODE32 = 0x00cf_9b00_0000_ffffL;
    private static final long FLAT_DATA = 0x00cf_9300_0000_ffffL;

    /** The start of a vendor's name: GenuineIntel. */
    private static final int GENU = 0x756e_6547;

    private FarTransfer() {}

    /** JMP FAR. */
    public static void jump(Cpu c, int selector, long offset) {
        if (c.plainSelectors()) {
            loadCodeReal(c, selector);
            c.rip = offset;
            return;
        }
        long d = readTarget(c, selector);
        if (TaskSwitch.isTask(c, d)) {
            TaskSwitch.transfer(c, selector, d, TaskSwitch.Cause.JUMP);
            return;
        }
        if (!Descriptors.isSystem(d)) {
            checkDirect(c, selector, d);
            checkOffset(c, d, offset);
            enter(c, (selector & ~3) | c.cpl, d, offset);
            return;
        }
        Gate gate = gate(c, selector, d);
        long code = gate.code();
        boolean conforming = Descriptors.isConforming(code);
        if (conforming ? Descriptors.dpl(code) > c.cpl : Descriptors.dpl(code) != c.cpl) {
            throw Descriptors.fault(c, Vector.GP, gate.selector(), 0);
        }
        checkOffset(c, code, gate.offset());
        enter(c, (gate.selector() & ~3) | c.cpl, code, gate.offset());
    }

    /** CALL FAR. {@code rip} is the return address. */
    public static void call(Cpu c, int selector, long offset, int size) {
        if (c.plainSelectors()) {
            StackFrame frame = StackFrame.current(c);
            frame.push(c.seg[Cpu.CS].selector(), size);
            frame.push(c.rip, size);
            c.stackPointer(frame.pointer());
            loadCodeReal(c, selector);
            c.rip = offset;
            return;
        }
        long d = readTarget(c, selector);
        if (TaskSwitch.isTask(c, d)) {
            TaskSwitch.transfer(c, selector, d, TaskSwitch.Cause.CALL);
            return;
        }
        if (!Descriptors.isSystem(d)) {
            checkDirect(c, selector, d);
            checkOffset(c, d, offset);
            pushReturn(c, size);
            enter(c, (selector & ~3) | c.cpl, d, offset);
            return;
        }
        Gate gate = gate(c, selector, d);
        long code = gate.code();
        if (Descriptors.dpl(code) > c.cpl) {
            throw Descriptors.fault(c, Vector.GP, gate.selector(), 0);
        }
        checkOffset(c, code, gate.offset());
        if (Descriptors.isConforming(code) || Descriptors.dpl(code) == c.cpl) {
            pushReturn(c, gate.size());
            enter(c, (gate.selector() & ~3) | c.cpl, code, gate.offset());
        } else {
            callInner(c, gate);
        }
    }

    private static void pushReturn(Cpu c, int size) {
        StackFrame frame = StackFrame.current(c);
        frame.push(c.seg[Cpu.CS].selector(), size);
        frame.push(c.rip, size);
        c.stackPointer(frame.pointer());
    }

    private static void callInner(Cpu c, Gate gate) {
        int ring = Descriptors.dpl(gate.code());
        int size = gate.size();
        int outer = c.cpl;
        Segment ss = null;
        StackFrame frame;
        if (c.sys.longMode()) {
            frame = StackFrame.flat(c, Tss.stack64(c, ring, 0, 0));
        } else {
            ss = Delivery.innerStack(c, ring, 0);
            frame = StackFrame.inner(c, ss, Tss.stackPointer(c, ring, 0), 0);
        }
        StackFrame parameters = StackFrame.current(c);
        parameters.skip((long) gate.parameters() * size);
        boolean done = false;
        try {
            long[] copied = new long[gate.parameters()];
            for (int n = copied.length - 1; n >= 0; n--) {
                parameters.skip(-size);
                copied[n] = parameters.pop(size);
                parameters.skip(-size);
            }
            c.cpl = ring;
            c.bankChanged();
            frame.push(c.seg[Cpu.SS].selector(), size);
            frame.push(c.r[Cpu.RSP], size);
            for (int n = copied.length - 1; n >= 0; n--) {
                frame.push(copied[n], size);
            }
            frame.push(c.seg[Cpu.CS].selector(), size);
            frame.push(c.rip, size);
            done = true;
        } finally {
            if (!done) {
                c.cpl = outer;
                c.bankChanged();
            }
        }
        if (ss == null) {
            c.seg[Cpu.SS].load(ring, 0, -1, Descriptors.nullStack(ring));
            c.r[Cpu.RSP] = frame.pointer();
        } else {
            c.seg[Cpu.SS].load(ss.selector(), ss.base(), ss.limit(), ss.attributes());
            c.modeChanged();
            c.stackPointer(frame.pointer());
        }
        enter(c, (gate.selector() & ~3) | ring, gate.code(), gate.offset());
    }

    /** RET FAR, dropping {@code bytes} of parameters. */
    public static void ret(Cpu c, int size, long bytes) {
        StackFrame frame = StackFrame.current(c);
        long offset = frame.pop(size);
        int selector = (int) frame.pop(size) & 0xffff;
        if (c.plainSelectors()) {
            c.stackPointer(frame.pointer() + bytes);
            loadCodeReal(c, selector);
            c.rip = offset;
            return;
        }
        frame.skip(bytes);
        long code = returnCode(c, selector);
        checkOffset(c, code, offset);
        if ((selector & 3) == c.cpl) {
            c.stackPointer(frame.pointer());
            enter(c, selector, code, offset);
            return;
        }
        long sp = frame.pop(size);
        int ss = (int) frame.pop(size) & 0xffff;
        returnOuter(c, selector, code, offset, sp, ss);
        c.stackPointer(c.r[Cpu.RSP] + bytes);
    }

    /** IRET. */
    public static void iret(Cpu c, int size) {
        if (c.virtual8086() && (c.flags & Eflags.IOPL) != Eflags.IOPL) {
            throw c.gp(0);
        }
        if (!c.plainSelectors() && (c.flags & Eflags.NT) != 0) {
            if (c.sys.longMode()) {
                throw c.gp(0);
            }
            TaskSwitch.back(c);
            return;
        }
        StackFrame frame = StackFrame.current(c);
        long offset = frame.pop(size);
        int selector = (int) frame.pop(size) & 0xffff;
        long flags = frame.pop(size);
        if (c.plainSelectors()) {
            c.stackPointer(frame.pointer());
            loadCodeReal(c, selector);
            c.rip = offset;
            setFlags(c, flags, size, c.cpl);
            return;
        }
        if (size == 4 && (flags & Eflags.VM) != 0 && !c.sys.longMode() && c.cpl == 0) {
            Virtual8086.enter(c, frame, offset, selector, flags);
            return;
        }
        long code = returnCode(c, selector);
        int oldCpl = c.cpl;
        if (c.mode == Cpu.CODE64 || (selector & 3) != c.cpl) {
            long sp = frame.pop(size);
            int ss = (int) frame.pop(size) & 0xffff;
            checkOffset(c, code, offset);
            returnOuter(c, selector, code, offset, sp, ss);
        } else {
            checkOffset(c, code, offset);
            c.stackPointer(frame.pointer());
            enter(c, selector, code, offset);
        }
        setFlags(c, flags, size, oldCpl);
    }

    private static void setFlags(Cpu c, long value, int size, int oldCpl) {
        c.mmu.fence();
        long may = Eflags.ARITHMETIC | Eflags.TF | Eflags.DF | Eflags.NT;
        if (size != 2) {
            // RF lasts for one instruction, and only breakpoints look at it: it is kept with them.
            c.debug.resume((value & Eflags.RF) != 0);
            may |= Eflags.AC | Eflags.ID;
        }
        if (oldCpl == 0) {
            may |= Eflags.IOPL | (size != 2 ? Eflags.VIF | Eflags.VIP : 0);
        }
        if (oldCpl <= (c.flags & Eflags.IOPL) >> 12) {
            may |= Eflags.IF;
        }
        c.eflags((c.eflags() & ~may) | (value & may));
        c.bankChanged();
        c.pending.nmiBlocked = false;
        c.attention = true;
    }

    private static long returnCode(Cpu c, int selector) {
        if (Descriptors.isNull(selector)) {
            throw c.gp(0);
        }
        long code = Descriptors.read(c, selector, Vector.GP, 0);
        int rpl = selector & 3;
        boolean conforming = Descriptors.isConforming(code);
        if (!Descriptors.isCode(code)
                || rpl < c.cpl
                || (conforming ? Descriptors.dpl(code) > rpl : Descriptors.dpl(code) != rpl)) {
            throw Descriptors.fault(c, Vector.GP, selector, 0);
        }
        if (!Descriptors.present(code)) {
            throw Descriptors.fault(c, Vector.NP, selector, 0);
        }
        return code;
    }

    /** Returns to a stack that was popped too: to an outer ring, or in 64-bit mode to the same. */
    private static void returnOuter(Cpu c, int selector, long code, long offset, long sp, int ss) {
        int cpl = selector & 3;
        boolean to64 = c.sys.longMode() && (Descriptors.attributes(code) & Segment.L) != 0;
        if (Descriptors.isNull(ss)) {
            if (!to64 || cpl == 3 || (ss & 3) != cpl) {
                throw c.gp(0);
            }
            enter(c, selector, code, offset);
            c.seg[Cpu.SS].load(ss, 0, -1, Descriptors.nullStack(cpl));
        } else {
            long d = Descriptors.stack(c, ss, cpl, Vector.GP, 0);
            Descriptors.touch(c, ss, d);
            enter(c, selector, code, offset);
            Descriptors.load(c.seg[Cpu.SS], ss, d | 1L << 40);
        }
        boolean outer = cpl > c.cpl;
        c.cpl = cpl;
        c.modeChanged();
        c.stackPointer(sp);
        if (outer) {
            for (int number : new int[] {Cpu.ES, Cpu.DS, Cpu.FS, Cpu.GS}) {
                Segment s = c.seg[number];
                boolean conforming = s.has(Segment.CODE) && s.has(Segment.EC);
                if (!s.has(Segment.UNUSABLE) && !conforming && s.dpl() < cpl) {
                    s.makeUnusable();
                }
            }
        }
    }

    /** SYSCALL. Outside 64-bit mode it is AMD's; a processor that says it is Intel's has none there. */
    public static void syscall(Cpu c, boolean from64) {
        requireFastCalls(c, from64);
        if (!c.sys.longMode()) {
            syscallLegacy(c);
            return;
        }
        long flags = c.eflags();
        c.r[Cpu.RCX] = c.rip;
        c.r[11] = flags & ~Eflags.RF;
        int selector = (int) (c.sys.msrs.star >>> 32) & 0xfffc;
        Descriptors.load(c.seg[Cpu.CS], selector, FLAT_CODE64);
        Descriptors.load(c.seg[Cpu.SS], selector + 8, FLAT_DATA);
        c.cpl = 0;
        c.eflags(flags & ~c.sys.msrs.sfmask & ~(long) Eflags.RF);
        c.rip = from64 ? c.sys.msrs.lstar : c.sys.msrs.cstar;
        c.debug.stepByResult();
        c.modeChanged();
    }

    private static void requireFastCalls(Cpu c, boolean in64) {
        boolean intel = !in64 && c.env.cpuid().leaf(0, 0).ebx() == GENU;
        if ((c.sys.efer & SystemRegisters.EFER_SCE) == 0 || intel || c.realMode()) {
            throw c.ud();
        }
    }

    private static void syscallLegacy(Cpu c) {
        long star = c.sys.msrs.star;
        int selector = (int) (star >>> 32) & 0xfffc;
        c.set(Cpu.RCX, 4, c.rip);
        Descriptors.load(c.seg[Cpu.CS], selector, FLAT_CODE32);
        Descriptors.load(c.seg[Cpu.SS], selector + 8, FLAT_DATA);
        c.cpl = 0;
        c.flags &= ~(Eflags.IF | Eflags.VM | Eflags.RF);
        c.rip = star & 0xffff_ffffL;
        c.debug.stepByResult();
        c.modeChanged();
    }

    /** SYSRET. */
    public static void sysret(Cpu c, boolean from64, boolean to64) {
        requireFastCalls(c, from64);
        c.requireRing0();
        long target = to64 ? c.r[Cpu.RCX] : c.r[Cpu.RCX] & 0xffff_ffffL;
        if (target << 16 >> 16 != target) {
            throw c.gp(0);
        }
        int selector = (int) (c.sys.msrs.star >>> 48);
        loadRing3(c, (selector + (to64 ? 16 : 0)) | 3, to64, (selector + 8) | 3);
        c.eflags(c.sys.longMode() ? c.r[11] & (Eflags.ALL & ~(Eflags.RF | Eflags.VM)) : c.eflags() | Eflags.IF);
        c.rip = target;
        c.debug.stepByResult();
        c.modeChanged();
    }

    /** SYSENTER. */
    public static void sysenter(Cpu c) {
        int selector = (int) c.sys.msrs.sysenterCs & 0xfffc;
        if (c.realMode() || selector == 0) {
            throw c.gp(0);
        }
        boolean longMode = c.sys.longMode();
        Descriptors.load(c.seg[Cpu.CS], selector, longMode ? FLAT_CODE64 : FLAT_CODE32);
        Descriptors.load(c.seg[Cpu.SS], selector + 8, FLAT_DATA);
        c.cpl = 0;
        c.flags &= ~(Eflags.IF | Eflags.RF | Eflags.VM);
        c.rip = longMode ? c.sys.msrs.sysenterEip : c.sys.msrs.sysenterEip & 0xffff_ffffL;
        c.modeChanged();
        c.r[Cpu.RSP] = longMode ? c.sys.msrs.sysenterEsp : c.sys.msrs.sysenterEsp & 0xffff_ffffL;
    }

    /** SYSEXIT. */
    public static void sysexit(Cpu c, boolean to64) {
        int selector = (int) c.sys.msrs.sysenterCs & 0xfffc;
        if (c.realMode() || selector == 0 || c.cpl != 0) {
            throw c.gp(0);
        }
        long target = to64 ? c.r[Cpu.RDX] : c.r[Cpu.RDX] & 0xffff_ffffL;
        long stack = to64 ? c.r[Cpu.RCX] : c.r[Cpu.RCX] & 0xffff_ffffL;
        if (target << 16 >> 16 != target || stack << 16 >> 16 != stack) {
            throw c.gp(0);
        }
        loadRing3(c, selector + (to64 ? 32 : 16) | 3, to64, selector + (to64 ? 40 : 24) | 3);
        c.r[Cpu.RSP] = stack;
        c.rip = target;
        c.modeChanged();
    }

    private static void loadRing3(Cpu c, int cs, boolean to64, int ss) {
        long ring3 = 3L << 45;
        Descriptors.load(c.seg[Cpu.CS], cs, (to64 ? FLAT_CODE64 : FLAT_CODE32) | ring3);
        Descriptors.load(c.seg[Cpu.SS], ss, FLAT_DATA | ring3);
        c.cpl = 3;
    }

    /** Loads CS in virtual 8086 mode or real mode, where limit and attributes stay what they are. */
    static void loadCodeReal(Cpu c, int selector) {
        if (c.virtual8086()) {
            Descriptors.loadVirtual(c, Cpu.CS, selector);
            c.modeChanged();
            return;
        }
        Segment cs = c.seg[Cpu.CS];
        cs.load(selector, (long) (selector & 0xffff) << 4, cs.limit(), 0x93 | (cs.attributes() & Segment.DB));
        c.modeChanged();
    }

    private static long readTarget(Cpu c, int selector) {
        if (Descriptors.isNull(selector)) {
            throw c.gp(0);
        }
        return Descriptors.read(c, selector, Vector.GP, 0);
    }

    private static void checkDirect(Cpu c, int selector, long d) {
        boolean conforming = Descriptors.isConforming(d);
        int dpl = Descriptors.dpl(d);
        if (!Descriptors.isCode(d) || (conforming ? dpl > c.cpl : dpl != c.cpl || (selector & 3) > c.cpl)) {
            throw Descriptors.fault(c, Vector.GP, selector, 0);
        }
        boolean both = (Descriptors.attributes(d) & (Segment.L | Segment.DB)) == (Segment.L | Segment.DB);
        if (c.sys.longMode() && both) {
            throw Descriptors.fault(c, Vector.GP, selector, 0);
        }
        if (!Descriptors.present(d)) {
            throw Descriptors.fault(c, Vector.NP, selector, 0);
        }
    }

    private static void checkOffset(Cpu c, long code, long offset) {
        boolean to64 = c.sys.longMode() && (Descriptors.attributes(code) & Segment.L) != 0;
        boolean good = to64
                ? offset << 16 >> 16 == offset
                : Long.compareUnsigned(offset, Descriptors.limit(code) & 0xffff_ffffL) <= 0;
        if (!good) {
            throw c.gp(0);
        }
    }

    private static void enter(Cpu c, int selector, long code, long offset) {
        Descriptors.touch(c, selector, code);
        Descriptors.load(c.seg[Cpu.CS], selector, code | 1L << 40);
        c.rip = offset;
        c.modeChanged();
    }

    /** A call gate with its target. */
    private record Gate(int selector, long offset, int size, int parameters, long code) {}

    private static Gate gate(Cpu c, int gateSelector, long d) {
        int type = Descriptors.type(d);
        boolean longMode = c.sys.longMode();
        boolean dplFits = Descriptors.dpl(d) >= c.cpl && Descriptors.dpl(d) >= (gateSelector & 3);
        if ((type != CALL_GATE && (type != CALL_GATE16 || longMode)) || !dplFits) {
            throw Descriptors.fault(c, Vector.GP, gateSelector, 0);
        }
        if (!Descriptors.present(d)) {
            throw Descriptors.fault(c, Vector.NP, gateSelector, 0);
        }
        long offset = type == CALL_GATE16 ? d & 0xffff : (d & 0xffff) | d >>> 48 << 16;
        int size = type == CALL_GATE16 ? 2 : longMode ? 8 : 4;
        if (longMode) {
            long at = Descriptors.address(c, gateSelector, 16);
            long high = at == -1 ? -1 : c.mmu.loadSystem(at + 8, 8);
            if ((high >>> 40 & 31) != 0) {
                throw Descriptors.fault(c, Vector.GP, gateSelector, 0);
            }
            offset |= high << 32;
        }
        int selector = (int) (d >>> 16) & 0xffff;
        if (Descriptors.isNull(selector)) {
            throw c.gp(0);
        }
        long code = Descriptors.read(c, selector, Vector.GP, 0);
        boolean is64 = (Descriptors.attributes(code) & (Segment.L | Segment.DB)) == Segment.L;
        if (!Descriptors.isCode(code) || (longMode && !is64)) {
            throw Descriptors.fault(c, Vector.GP, selector, 0);
        }
        if (!Descriptors.present(code)) {
            throw Descriptors.fault(c, Vector.NP, selector, 0);
        }
        return new Gate(selector, offset, size, longMode ? 0 : (int) (d >>> 32) & 31, code);
    }
}
