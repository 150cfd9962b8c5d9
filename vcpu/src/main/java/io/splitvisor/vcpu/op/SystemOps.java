// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.Cpuid;
import io.splitvisor.vcpu.Exit;
import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.cpu.Descriptors;
import io.splitvisor.vcpu.cpu.Eflags;
import io.splitvisor.vcpu.cpu.SystemRegisters;
import io.splitvisor.vcpu.decode.Insn;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.ObjLongConsumer;
import java.util.function.ToLongFunction;

/** Descriptor tables, processor state, model-specific registers, time, identification. */
final class SystemOps {
    static final Map<String, Lowering> LOWERINGS = Map.ofEntries(
            action("hlt", SystemOps::hlt),
            action("cli", SystemOps::cli),
            action("sti", SystemOps::sti),
            action("clts", SystemOps::clts),
            action("clac", c -> alignment(c, false)),
            action("stac", c -> alignment(c, true)),
            action("swapgs", SystemOps::swapgs),
            action("invd", Cpu::requireRing0),
            action("wbinvd", Cpu::requireRing0),
            action("rdtsc", SystemOps::rdtsc),
            action("rdtscp", SystemOps::rdtscp),
            // There are no performance counters, whatever the ring.
            action("rdpmc", c -> {
                throw c.gp(0);
            }),
            action("rdmsr", SystemOps::rdmsr),
            action("wrmsr", SystemOps::wrmsr),
            action("cpuid", SystemOps::cpuid),
            action("vmcall", c -> leave(c, Exit.HYPERCALL)),
            action("vmmcall", c -> leave(c, Exit.HYPERCALL)),
            Map.entry("ud2", i -> new Undefined()),
            Map.entry("invlpg", Invlpg::new),
            Map.entry("invpcid", Invpcid::new),
            Map.entry("sgdt", i -> new StoreTable(i, false)),
            Map.entry("sidt", i -> new StoreTable(i, true)),
            Map.entry("lgdt", i -> new LoadTable(i, false)),
            Map.entry("lidt", i -> new LoadTable(i, true)),
            Map.entry("sldt", i -> new Show(i, c -> c.ldtr.selector(), true)),
            Map.entry("str", i -> new Show(i, c -> c.tr.selector(), true)),
            Map.entry("smsw", i -> new Show(i, c -> c.sys.cr0, false)),
            Map.entry("lldt", i -> new Take(i, true, (c, s) -> Descriptors.loadLdt(c, (int) s & 0xffff))),
            Map.entry("ltr", i -> new Take(i, true, (c, s) -> Descriptors.loadTask(c, (int) s & 0xffff))),
            Map.entry("lmsw", i -> new Take(i, false, ControlMoves::lmsw)));

    private SystemOps() {}

    private static Map.Entry<String, Lowering> action(String mnemonic, Consumer<Cpu> action) {
        return Map.entry(mnemonic, i -> new Action(action));
    }

    /** Without operands, at the end of its block. */
    private static final class Action extends Op {
        private final Consumer<Cpu> action;

        Action(Consumer<Cpu> action) {
            this.action = action;
        }

        @Override
        public void exec(Cpu c) {
            action.accept(c);
        }
    }

    private static void leave(Cpu c, Exit exit) {
        c.pending.exit = exit;
        c.attention = true;
    }

    private static void hlt(Cpu c) {
        c.requireRing0();
        leave(c, Exit.HALT);
    }

    private static void requireInterruptControl(Cpu c) {
        if (!c.realMode() && c.cpl > (c.flags & Eflags.IOPL) >> 12) {
            throw c.gp(0);
        }
    }

    private static void cli(Cpu c) {
        requireInterruptControl(c);
        c.flags &= ~Eflags.IF;
    }

    private static void sti(Cpu c) {
        requireInterruptControl(c);
        if ((c.flags & Eflags.IF) == 0) {
            c.flags |= Eflags.IF;
            c.pending.shadow = true;
            c.attention = true;
        }
    }

    private static void clts(Cpu c) {
        c.requireRing0();
        c.sys.cr0 &= ~SystemRegisters.CR0_TS;
    }

    private static void alignment(Cpu c, boolean set) {
        if (c.cpl != 0) {
            throw c.ud();
        }
        c.flags = set ? c.flags | Eflags.AC : c.flags & ~Eflags.AC;
        c.bankChanged();
    }

    private static void swapgs(Cpu c) {
        c.requireRing0();
        long base = c.seg[Cpu.GS].base();
        c.segmentBase(Cpu.GS, c.sys.msrs.kernelGsBase);
        c.sys.msrs.kernelGsBase = base;
    }

    private static void rdtsc(Cpu c) {
        if ((c.sys.cr4 & SystemRegisters.CR4_TSD) != 0 && c.cpl != 0) {
            throw c.gp(0);
        }
        pair(c, c.sys.msrs.tsc());
    }

    private static void rdtscp(Cpu c) {
        rdtsc(c);
        c.r[Cpu.RCX] = c.sys.msrs.tscAux & 0xffff_ffffL;
    }

    private static void pair(Cpu c, long value) {
        c.r[Cpu.RAX] = value & 0xffff_ffffL;
        c.r[Cpu.RDX] = value >>> 32;
    }

    private static void rdmsr(Cpu c) {
        c.requireRing0();
        pair(c, c.sys.msrs.read((int) c.r[Cpu.RCX]));
    }

    private static void wrmsr(Cpu c) {
        c.requireRing0();
        c.mmu.fence();
        c.sys.msrs.write((int) c.r[Cpu.RCX], c.r[Cpu.RDX] << 32 | (c.r[Cpu.RAX] & 0xffff_ffffL));
    }

    private static void cpuid(Cpu c) {
        c.mmu.fence();
        Cpuid.Leaf leaf = c.env.cpuid().leaf((int) c.r[Cpu.RAX], (int) c.r[Cpu.RCX]);
        c.set(Cpu.RAX, 4, leaf.eax());
        c.set(Cpu.RBX, 4, leaf.ebx());
        c.set(Cpu.RCX, 4, leaf.ecx());
        c.set(Cpu.RDX, 4, leaf.edx());
    }

    private static void requireProtected(Cpu c) {
        if (c.plainSelectors()) {
            throw c.ud();
        }
    }

    private static final class Invlpg extends Op {
        private final Ea ea;

        Invlpg(Insn i) {
            this.ea = Ea.of(i);
        }

        @Override
        public void exec(Cpu c) {
            c.requireRing0();
            c.mmu.invalidate(ea.linear(c, 1, false));
        }
    }

    private static final class Invpcid extends Op {
        private static final int ONE_ADDRESS = 0;
        private static final int ONE_CONTEXT = 1;
        private static final int ALL_AND_GLOBAL = 2;
        private static final int ALL = 3;

        private final Operand kind;
        private final Ea ea;

        Invpcid(Insn i) {
            this.kind = Operand.of(i, 0);
            this.ea = Ea.of(i);
        }

        @Override
        public void exec(Cpu c) {
            c.requireRing0();
            if (c.virtual8086()) {
                throw c.gp(0);
            }
            long type = kind.read(c);
            long at = ea.linear(c, 16, false);
            long pcid = c.mmu.load64(at);
            long linear = c.mmu.load64(at + 8);
            boolean one = type == ONE_ADDRESS || type == ONE_CONTEXT;
            boolean canonical = type != ONE_ADDRESS || linear << 16 >> 16 == linear;
            if (Long.compareUnsigned(type, ALL) > 0
                    || pcid >>> 12 != 0
                    || !canonical
                    || (one && pcid != 0 && !c.sys.pcids())) {
                throw c.gp(0);
            }
            // One address of another context: forgetting more of it is allowed.
            if (type == ONE_ADDRESS && pcid == c.sys.pcid()) {
                c.mmu.invalidate(linear);
                return;
            }
            if (one) {
                c.mmu.tlb().flushContext((int) pcid);
            } else if (type == ALL_AND_GLOBAL) {
                c.mmu.tlb().flush();
            } else {
                c.mmu.tlb().flushLocals();
            }
            c.mmu.paging().invalidateAll();
        }
    }

    private static final class StoreTable extends Op {
        private final Ea ea;
        private final boolean interrupts;
        private final boolean wide;

        StoreTable(Insn i, boolean interrupts) {
            this.ea = Ea.of(i);
            this.interrupts = interrupts;
            this.wide = i.mode() == Insn.MODE64;
        }

        @Override
        public void exec(Cpu c) {
            c.sys.requireVisible();
            int size = wide ? 8 : 4;
            long at = ea.linear(c, 2 + size, true);
            c.mmu.probeStore(at, 2 + size);
            c.mmu.store16(at, interrupts ? c.idtLimit : c.gdtLimit);
            c.mmu.store(at + 2, size, interrupts ? c.idtBase : c.gdtBase);
        }
    }

    private static final class LoadTable extends Op {
        private final Ea ea;
        private final boolean interrupts;
        private final boolean wide;
        private final long mask;

        LoadTable(Insn i, boolean interrupts) {
            this.ea = Ea.of(i);
            this.interrupts = interrupts;
            this.wide = i.mode() == Insn.MODE64;
            // With 16-bit operands the base has 24 bits.
            this.mask = wide ? -1 : i.operandBytes() == 2 ? 0xff_ffffL : 0xffff_ffffL;
        }

        @Override
        public void exec(Cpu c) {
            c.requireRing0();
            int size = wide ? 8 : 4;
            long at = ea.linear(c, 2 + size, false);
            int limit = (int) c.mmu.load16(at);
            long base = c.mmu.load(at + 2, size) & mask;
            if (base << 16 >> 16 != base) {
                throw c.gp(0);
            }
            if (interrupts) {
                c.idtBase = base;
                c.idtLimit = limit;
            } else {
                c.gdtBase = base;
                c.gdtLimit = limit;
            }
        }
    }

    /** SLDT, STR, SMSW. */
    private static final class Show extends Op {
        private final Operand d;
        private final ToLongFunction<Cpu> value;
        private final boolean protectedOnly;

        Show(Insn i, ToLongFunction<Cpu> value, boolean protectedOnly) {
            this.d = Operand.of(i, 0);
            this.value = value;
            this.protectedOnly = protectedOnly;
        }

        @Override
        public void exec(Cpu c) {
            if (protectedOnly) {
                requireProtected(c);
            }
            c.sys.requireVisible();
            d.write(c, value.applyAsLong(c));
        }
    }

    /** LLDT, LTR, LMSW. */
    private static final class Take extends Op {
        private final Operand s;
        private final boolean protectedOnly;
        private final ObjLongConsumer<Cpu> action;

        Take(Insn i, boolean protectedOnly, ObjLongConsumer<Cpu> action) {
            this.s = Operand.of(i, 0);
            this.protectedOnly = protectedOnly;
            this.action = action;
        }

        @Override
        public void exec(Cpu c) {
            if (protectedOnly) {
                requireProtected(c);
            }
            // Before the operand is read, which may fault, too.
            c.requireRing0();
            action.accept(c, s.read(c));
        }
    }
}
