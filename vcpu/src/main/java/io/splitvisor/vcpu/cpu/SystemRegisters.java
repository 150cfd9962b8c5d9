// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.cpu;

import io.splitvisor.vcpu.Cpuid;
import io.splitvisor.vcpu.mmu.GuestFault;
import io.splitvisor.vcpu.mmu.Paging;
import io.splitvisor.vcpu.mmu.PagingControls;

/** Control and debug registers, and the rules for changing them. SDM volume 3, chapter 2.5. */
public final class SystemRegisters {
    /** Protection. */
    public static final long CR0_PE = 1;
    /** Monitor coprocessor. */
    public static final long CR0_MP = 1 << 1;
    /** No coprocessor. */
    public static final long CR0_EM = 1 << 2;
    /** Task switched. */
    public static final long CR0_TS = 1 << 3;
    /** Always one. */
    public static final long CR0_ET = 1 << 4;
    /** Numeric errors are exceptions. */
    public static final long CR0_NE = 1 << 5;
    /** Write protection counts for supervisors. */
    public static final long CR0_WP = 1 << 16;
    /** Alignment checks may be enabled. */
    public static final long CR0_AM = 1 << 18;
    /** Not write-through. */
    public static final long CR0_NW = 1 << 29;
    /** Caches disabled. */
    public static final long CR0_CD = 1 << 30;
    /** Paging. */
    public static final long CR0_PG = 1L << 31;

    /** RDTSC only in ring 0. */
    public static final long CR4_TSD = 1 << 2;
    /** DR4 and DR5 are no names of DR6 and DR7. */
    public static final long CR4_DE = 1 << 3;
    /** Large pages in 32-bit tables. */
    public static final long CR4_PSE = 1 << 4;
    /** 64-bit page-table entries. */
    public static final long CR4_PAE = 1 << 5;
    /** Global pages. */
    public static final long CR4_PGE = 1 << 7;
    /** The kernel saves SSE state. */
    public static final long CR4_OSFXSR = 1 << 9;
    /** The kernel handles #XM. */
    public static final long CR4_OSXMMEXCPT = 1 << 10;
    /** FS and GS base instructions. */
    public static final long CR4_FSGSBASE = 1 << 16;
    /** Descriptor tables and the like are hidden from rings 1 to 3. */
    public static final long CR4_UMIP = 1 << 11;
    /** Process-context identifiers. */
    public static final long CR4_PCIDE = 1 << 17;
    /** Supervisor may not execute user pages. */
    public static final long CR4_SMEP = 1 << 20;
    /** Supervisor may not access user pages. */
    public static final long CR4_SMAP = 1 << 21;

    /** SYSCALL enabled. */
    public static final long EFER_SCE = 1;
    /** Long mode enabled. */
    public static final long EFER_LME = 1 << 8;
    /** Long mode active. */
    public static final long EFER_LMA = 1 << 10;
    /** No-execute enabled. */
    public static final long EFER_NXE = 1 << 11;

    private static final long CR0_DEFINED =
            CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_NW | CR0_CD | CR0_PG;
    /** MCE and PCE are accepted and have no effect beyond being readable. */
    private static final long CR4_INERT = 1 << 6 | 1 << 8;

    private static final long CR4_DEFINED =
            CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_INERT | CR4_TSD | CR4_DE | CR4_PSE | CR4_PAE | CR4_PGE;

    private static final int CPUID1_ECX_PCID = 1 << 17;
    private static final int CPUID7_EBX_FSGSBASE = 1;
    private static final int CPUID7_EBX_SMEP = 1 << 7;
    private static final int CPUID7_EBX_SMAP = 1 << 20;
    private static final int CPUID7_ECX_UMIP = 1 << 2;
    /** MOV to CR3: what the new identifier has in the TLB still holds. */
    private static final long CR3_KEEP = Long.MIN_VALUE;

    /** CR0. */
    public long cr0;
    /** CR2: the last page fault's address. */
    public long cr2;
    /** CR3. */
    public long cr3;
    /** CR4. */
    public long cr4;
    /** CR8: task priority. */
    public int cr8;
    /** EFER. */
    public long efer;
    /** DR0 to DR7. {@link DebugUnit#changed} has to be told. */
    public final long[] dr = new long[8];
    /** Model-specific registers. */
    public final Msrs msrs;

    private final Cpu cpu;
    private final Paging walk;
    private final long cr4Defined;

    SystemRegisters(Cpu cpu) {
        this.cpu = cpu;
        this.walk = cpu.env.paging();
        this.msrs = new Msrs(cpu);
        this.cr4Defined = CR4_DEFINED | announced(cpu.env.cpuid());
    }

    /** Bits of CR4 that exist only if CPUID says so. */
    private static long announced(Cpuid cpuid) {
        Cpuid.Leaf one = cpuid.leaf(1, 0);
        Cpuid.Leaf seven = cpuid.leaf(7, 0);
        return ((one.ecx() & CPUID1_ECX_PCID) != 0 ? CR4_PCIDE : 0)
                | ((seven.ebx() & CPUID7_EBX_FSGSBASE) != 0 ? CR4_FSGSBASE : 0)
                | ((seven.ebx() & CPUID7_EBX_SMEP) != 0 ? CR4_SMEP : 0)
                | ((seven.ebx() & CPUID7_EBX_SMAP) != 0 ? CR4_SMAP : 0)
                | ((seven.ecx() & CPUID7_ECX_UMIP) != 0 ? CR4_UMIP : 0);
    }

    void reset() {
        cr0 = CR0_ET | CR0_NW | CR0_CD;
        cr2 = 0;
        cr3 = 0;
        cr4 = 0;
        cr8 = 0;
        efer = 0;
        java.util.Arrays.fill(dr, 0);
        dr[6] = 0xffff_0ff0L;
        dr[7] = 0x400;
        msrs.reset();
        pagingChanged();
    }

    Paging paging() {
        return walk;
    }

    /** EFER.LMA. */
    public boolean longMode() {
        return (efer & EFER_LMA) != 0;
    }

    /** CR4.SMAP. */
    public boolean smap() {
        return (cr4 & CR4_SMAP) != 0;
    }

    /** Whether instructions on XMM registers raise neither #UD nor #NM. */
    public boolean sseEnabled() {
        return (cr0 & (CR0_EM | CR0_TS)) == 0 && (cr4 & CR4_OSFXSR) != 0;
    }

    /** MOV to CR0. */
    public void writeCr0(long value) {
        if ((value & 0xffff_ffff_0000_0000L) != 0) {
            throw cpu.gp(0);
        }
        long next = (value & CR0_DEFINED) | CR0_ET;
        boolean paging = (next & CR0_PG) != 0;
        if ((paging && (next & CR0_PE) == 0) || ((next & CR0_NW) != 0 && (next & CR0_CD) == 0)) {
            throw cpu.gp(0);
        }
        boolean enabling = paging && (cr0 & CR0_PG) == 0;
        boolean disabling = !paging && (cr0 & CR0_PG) != 0;
        if (enabling && (efer & EFER_LME) != 0 && ((cr4 & CR4_PAE) == 0 || cpu.seg[Cpu.CS].has(Segment.L))) {
            throw cpu.gp(0);
        }
        if (disabling && (cpu.mode == Cpu.CODE64 || pcids())) {
            throw cpu.gp(0);
        }
        if (enabling && (efer & EFER_LME) == 0 && (cr4 & CR4_PAE) != 0 && !walk.loadPdptes(cr3)) {
            throw cpu.gp(0);
        }
        if (enabling && (efer & EFER_LME) != 0) {
            efer |= EFER_LMA;
        } else if (disabling) {
            efer &= ~EFER_LMA;
        }
        cr0 = next;
        pagingChanged();
    }

    /** MOV to CR3. */
    public void writeCr3(long value) {
        long address = pcids() ? value & ~CR3_KEEP : value;
        if (longMode() && (address & -1L << Paging.PHYSICAL_BITS) != 0) {
            throw cpu.gp(0);
        }
        long next = longMode() ? address : address & 0xffff_ffffL;
        if ((cr0 & CR0_PG) != 0 && (cr4 & CR4_PAE) != 0 && !longMode() && !walk.loadPdptes(next)) {
            throw cpu.gp(0);
        }
        cr3 = next;
        if (pcids()) {
            cpu.mmu.loadRoot(next, pcid(), (value & CR3_KEEP) != 0);
        } else {
            walk.root(next);
            cpu.mmu.tlb().flush();
        }
    }

    /** CR4.PCIDE. */
    public boolean pcids() {
        return (cr4 & CR4_PCIDE) != 0;
    }

    /** The process-context identifier in force. */
    public int pcid() {
        return pcids() ? (int) cr3 & 0xfff : 0;
    }

    /** UMIP: whether the ring may not see descriptor tables and CR0. */
    public void requireVisible() {
        if ((cr4 & CR4_UMIP) != 0 && cpu.cpl != 0) {
            throw cpu.gp(0);
        }
    }

    /**
     * A task's CR3.
     *
     * @throws GuestFault #TS if PAE's entries there are bad
     */
    void taskRoot(long value) {
        if ((cr0 & CR0_PG) == 0) {
            return;
        }
        if ((cr4 & CR4_PAE) != 0 && !walk.loadPdptes(value)) {
            throw cpu.fault.exception(Vector.TS, cpu.tr.selector() & 0xfffc);
        }
        cr3 = value;
        walk.root(value);
        cpu.mmu.tlb().flush();
    }

    /** MOV to CR4. */
    public void writeCr4(long value) {
        if ((value & ~cr4Defined) != 0 || (longMode() && (value & CR4_PAE) == 0)) {
            throw cpu.gp(0);
        }
        boolean startsPcids = (value & CR4_PCIDE) != 0 && !pcids();
        if (startsPcids && (!longMode() || (cr3 & 0xfff) != 0)) {
            throw cpu.gp(0);
        }
        boolean startsPae = (cr0 & CR0_PG) != 0 && (cr4 & CR4_PAE) == 0 && (value & CR4_PAE) != 0;
        if (startsPae && !walk.loadPdptes(cr3)) {
            throw cpu.gp(0);
        }
        boolean portsWatched = ((cr4 ^ value) & CR4_DE) != 0;
        cr4 = value;
        pagingChanged();
        if (portsWatched) {
            cpu.debug.changed();
        }
    }

    /** WRMSR to EFER. */
    public void writeEfer(long value) {
        if ((value & ~(EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE)) != 0) {
            throw cpu.gp(0);
        }
        if ((cr0 & CR0_PG) != 0 && ((value ^ efer) & EFER_LME) != 0) {
            throw cpu.gp(0);
        }
        efer = (value & ~EFER_LMA) | (efer & EFER_LMA);
        pagingChanged();
    }

    /** Sets everything at once, unchecked, for a host that prepares a processor. */
    public void restore(long newCr0, long newCr3, long newCr4, long newEfer) {
        cr0 = newCr0 | CR0_ET;
        cr3 = newCr3;
        cr4 = newCr4;
        efer = newEfer;
        pagingChanged();
        if (walk.controls().format() == PagingControls.Format.PAE) {
            walk.loadPdptes(newCr3);
        }
    }

    private void pagingChanged() {
        walk.root(cr3);
        walk.controls(PagingControls.of(cr0, cr4, efer));
        if (cpu.mmu != null) {
            cpu.mmu.tlb().flush();
            cpu.mmu.select(pcid(), true);
            cpu.modeChanged();
        }
    }
}
