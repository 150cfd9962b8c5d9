// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.oracle;

import io.splitvisor.vcpu.Clock;
import io.splitvisor.vcpu.Cpuid;
import io.splitvisor.vcpu.Exit;
import io.splitvisor.vcpu.Interrupts;
import io.splitvisor.vcpu.Tiers;
import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.cpu.Environment;
import io.splitvisor.vcpu.engine.Interpreter;
import io.splitvisor.vcpu.mmu.GuestMemory;
import io.splitvisor.vcpu.mmu.PageWalk;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The virtual processor in ring 3 of long mode, with the code and scratch pages of a {@link RealProcessor} at the same
 * linear addresses. An exception ends in a handler in ring 0, which tells its vector.
 */
final class Machine {
    static final int NO_EXCEPTION = -1;

    private static final long RAM = 1 << 20;
    /** Where the code pages lie in RAM. */
    static final long CODE = 0x10000;

    private static final long TABLES = 0x20000;
    private static final long GDT = 0x30000;
    private static final long IDT = 0x31000;
    private static final long TSS = 0x32000;
    private static final long HANDLERS = 0x33000;
    private static final long STACK_TOP = 0x35000;
    /** As Linux has them, for instructions that tell of them: 32- and 64-bit code and data of the kernel, and of programs. */
    private static final long[] DESCRIPTORS = {
        0,
        0x00cf_9b00_0000_ffffL,
        0x00af_9b00_0000_ffffL,
        0x00cf_9300_0000_ffffL,
        0x00cf_fb00_0000_ffffL,
        0x00cf_f300_0000_ffffL,
        0x00af_fb00_0000_ffffL
    };

    private static final long KERNEL_CODE = 0x10;
    private static final byte[] HYPERCALL = {0x0f, 0x01, (byte) 0xc1};

    private final MemorySegment ram = Arena.ofAuto().allocate(RAM, 4096);
    /** How the machines that are made next execute code. */
    static Tiers tiers = Tiers.INTERPRETER;

    private final Interpreter engine;
    private final Cpu cpu;
    private final long base;
    private final long root;
    private Fault fault;
    private boolean narrow;
    private long nextTable = TABLES;

    Machine(long base) {
        this.base = base;
        GuestMemory memory = GuestMemory.flat(ram);
        PageWalk walk = new PageWalk(memory);
        engine = new Interpreter(
                new Environment(memory, walk, Cpuid.baseline(), Interrupts.NEVER, Clock.INSTRUCTIONS), tiers);
        cpu = engine.cpu();
        root = newTable();
        for (int i = RealProcessor.CODE_PAGE; i < RealProcessor.PAGES; i++) {
            map(root, base + 4096L * i, CODE + 4096L * (i - RealProcessor.CODE_PAGE), 7);
        }
        for (long page = GDT; page <= STACK_TOP; page += 4096) {
            map(root, kernel(page), page, 3);
        }
        descriptors();
        cpu.sys.restore(0x8005_0033L, root, 0x620, 0xd00);
        cpu.gdtBase = kernel(GDT);
        cpu.gdtLimit = 0xff;
        cpu.idtBase = kernel(IDT);
        cpu.idtLimit = 0xfff;
        cpu.ldtr.load(0, 0, 0, 0);
        cpu.tr.load(0x28, kernel(TSS), 0x67, 0x8b);
    }

    /** System structures lie in the upper half, out of the way of any host address. */
    private static long kernel(long page) {
        return 0xffff_8000_0000_0000L + page;
    }

    private void descriptors() {
        for (int n = 0; n < DESCRIPTORS.length; n++) {
            ram.set(ValueLayout.JAVA_LONG, GDT + 8L * n, DESCRIPTORS[n]);
        }
        ram.set(ValueLayout.JAVA_LONG_UNALIGNED, TSS + 4, kernel(STACK_TOP));
        // The I/O permission bitmap lies beyond the limit: no port is allowed.
        ram.set(ValueLayout.JAVA_SHORT, TSS + 0x66, (short) 0x68);
        for (int v = 0; v < 32; v++) {
            long handler = kernel(HANDLERS + 16L * v);
            ram.set(
                    ValueLayout.JAVA_LONG,
                    IDT + 16L * v,
                    (handler & 0xffff) | KERNEL_CODE << 16 | 0xee00L << 32 | (handler >>> 16 & 0xffff) << 48);
            ram.set(ValueLayout.JAVA_LONG, IDT + 16L * v + 8, handler >>> 32);
            MemorySegment.copy(HYPERCALL, 0, ram, ValueLayout.JAVA_BYTE, HANDLERS + 16L * v, 3);
        }
    }

    private long newTable() {
        long table = nextTable;
        nextTable += 4096;
        return table;
    }

    private void map(long root, long linear, long gpa, int rights) {
        long table = root;
        for (int level = 3; level > 0; level--) {
            long at = table + (linear >>> (12 + 9 * level) & 511) * 8;
            if (ram.get(ValueLayout.JAVA_LONG, at) == 0) {
                ram.set(ValueLayout.JAVA_LONG, at, newTable() | 7);
            }
            table = ram.get(ValueLayout.JAVA_LONG, at) & -4096L;
        }
        ram.set(ValueLayout.JAVA_LONG, table + (linear >>> 12 & 511) * 8, gpa | rights);
    }

    /** Puts code and a state into place. */
    void start(byte[] code, int at, Snapshot s, int... ends) {
        MemorySegment.copy(code, 0, ram, ValueLayout.JAVA_BYTE, CODE + at, code.length);
        for (int end : ends) {
            MemorySegment.copy(HYPERCALL, 0, ram, ValueLayout.JAVA_BYTE, CODE + at + end, HYPERCALL.length);
        }
        engine.invalidate(CODE + at, code.length + HYPERCALL.length);
        userMode();
        System.arraycopy(s.general, 0, cpu.r, 0, 16);
        cpu.eflags(s.flags);
        cpu.bankChanged();
        cpu.mxcsr = s.mxcsr();
        cpu.fpu.init();
        s.loadFpu(cpu.fpu);
        for (int n = 0; n < 32; n++) {
            cpu.xmm[n] = s.xmm(n);
        }
        cpu.rip = base + 4096L * RealProcessor.CODE_PAGE + at;
    }

    /** Runs on. */
    Exit resume(long budget) {
        Exit exit = engine.run(budget);
        if (engine.statistics().failed() != 0) {
            throw new AssertionError("a translation failed", engine.statistics().failure());
        }
        return exit;
    }

    /** What tier 1 has done. */
    Tiers.Statistics statistics() {
        return engine.statistics();
    }

    /** Guest RAM. */
    MemorySegment ram() {
        return ram;
    }

    /** That most of what ran was translated, if it was meant to. An instruction that straddles two pages is not. */
    void requireTranslations(long runs) {
        if (tiers.translates() && engine.statistics().translated() < runs - runs / 10) {
            throw new AssertionError("only " + engine.statistics());
        }
    }

    MemorySegment scratch() {
        long from = CODE + 4096L * (RealProcessor.SCRATCH_PAGE - RealProcessor.CODE_PAGE);
        return ram.asSlice(from, RealProcessor.SCRATCH_PAGES * 4096L);
    }

    Cpu cpu() {
        return cpu;
    }

    /**
     * Runs code on a state, which is replaced.
     *
     * @param ends where the code ends
     * @return the vector of the exception that ended it, or {@link #NO_EXCEPTION}
     */
    int run(byte[] code, int at, Snapshot s, int... ends) {
        start(code, at, s, ends);
        Exit exit = resume(100_000);
        if (exit != Exit.HYPERCALL) {
            throw new AssertionError("left with " + exit);
        }
        int vector = NO_EXCEPTION;
        fault = null;
        if (cpu.cpl == 0) {
            vector = (int) (cpu.rip - 3 - kernel(HANDLERS)) >> 4;
            boolean error = (vector >= 10 && vector <= 14) || vector == 8 || vector == 17;
            long frame = cpu.r[Cpu.RSP] + (error ? 8 : 0) - kernel(0);
            fault = new Fault(
                    error ? ram.get(ValueLayout.JAVA_INT, frame - 8) : 0,
                    cpu.sys.cr2,
                    ram.get(ValueLayout.JAVA_LONG, frame));
            s.flags = ram.get(ValueLayout.JAVA_LONG, frame + 16) & ~0x10000L;
            cpu.r[Cpu.RSP] = ram.get(ValueLayout.JAVA_LONG, frame + 24);
        } else {
            s.flags = cpu.eflags();
        }
        System.arraycopy(cpu.r, 0, s.general, 0, 16);
        s.mxcsr(cpu.mxcsr);
        s.storeFpu(cpu.fpu);
        for (int n = 0; n < 32; n++) {
            s.xmm(n, cpu.xmm[n]);
        }
        return vector;
    }

    /**
     * What the handler of an exception found.
     *
     * @param error its error code, or 0
     * @param address CR2
     * @param rip the saved instruction pointer
     */
    record Fault(int error, long address, long rip) {}

    /** Runs 32-bit code from now on. */
    void compatibilityMode() {
        narrow = true;
    }

    /** The exception that ended the last {@link #run}, or null. */
    Fault fault() {
        return fault;
    }

    /**
     * Changes what ring 3 may do to a page.
     *
     * @param page counted as {@link RealProcessor#SCRATCH_PAGE} is
     * @param rights the low bits of its entry: 0, 5 (read), 7 (write)
     */
    void protect(int page, int rights) {
        map(root, base + 4096L * page, CODE + 4096L * (page - RealProcessor.CODE_PAGE), rights);
        cpu.mmu.tlb().flush();
    }

    private void userMode() {
        cpu.seg[Cpu.CS].load(narrow ? 0x23 : 0x33, 0, -1, narrow ? 0xc0fb : 0xa0fb);
        for (int n : new int[] {Cpu.SS, Cpu.DS, Cpu.ES}) {
            boolean used = narrow || n == Cpu.SS;
            cpu.seg[n].load(used ? 0x2b : 0, 0, -1, 0xc0f3);
        }
        cpu.cpl = 3;
        cpu.modeChanged();
    }
}
