// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.cpu;

/** The model-specific registers that the processor holds itself; the host answers for all others. */
public final class Msrs {
    private static final int TSC = 0x10;
    private static final int SYSENTER_CS = 0x174;
    private static final int SYSENTER_ESP = 0x175;
    private static final int SYSENTER_EIP = 0x176;
    private static final int PAT = 0x277;
    private static final int EFER = 0xc000_0080;
    private static final int STAR = 0xc000_0081;
    private static final int LSTAR = 0xc000_0082;
    private static final int CSTAR = 0xc000_0083;
    private static final int SFMASK = 0xc000_0084;
    private static final int FS_BASE = 0xc000_0100;
    private static final int GS_BASE = 0xc000_0101;
    private static final int KERNEL_GS_BASE = 0xc000_0102;
    private static final int TSC_AUX = 0xc000_0103;

    private static final long PAT_AFTER_RESET = 0x0007_0406_0007_0406L;

    /** SYSENTER: code segment. */
    public long sysenterCs;
    /** SYSENTER: stack pointer. */
    public long sysenterEsp;
    /** SYSENTER: instruction pointer. */
    public long sysenterEip;
    /** SYSCALL: segments. */
    public long star;
    /** SYSCALL: target for 64-bit callers. */
    public long lstar;
    /** SYSCALL: target for others. */
    public long cstar;
    /** SYSCALL: flags to clear. */
    public long sfmask;
    /** SWAPGS: the other base. */
    public long kernelGsBase;
    /** RDTSCP: what it puts into ECX. */
    public int tscAux;

    private final Cpu cpu;
    private long pat;
    private long tscOffset;

    Msrs(Cpu cpu) {
        this.cpu = cpu;
    }

    void reset() {
        sysenterCs = 0;
        sysenterEsp = 0;
        sysenterEip = 0;
        star = 0;
        lstar = 0;
        cstar = 0;
        sfmask = 0;
        kernelGsBase = 0;
        tscAux = 0;
        pat = PAT_AFTER_RESET;
        tscOffset = 0;
    }

    /** The time-stamp counter, as RDTSC reads it as the last instruction of a block. */
    public long tsc() {
        return cpu.env.clock().ticks(cpu.retired) + tscOffset;
    }

    /** Whether the processor holds a register itself. */
    public boolean holds(int index) {
        return switch (index) {
            case TSC, SYSENTER_CS, SYSENTER_ESP, SYSENTER_EIP, PAT, EFER, STAR, LSTAR, CSTAR, SFMASK -> true;
            case FS_BASE, GS_BASE, KERNEL_GS_BASE, TSC_AUX -> true;
            default -> false;
        };
    }

    /** RDMSR. */
    public long read(int index) {
        return switch (index) {
            case TSC -> tsc();
            case SYSENTER_CS -> sysenterCs;
            case SYSENTER_ESP -> sysenterEsp;
            case SYSENTER_EIP -> sysenterEip;
            case PAT -> pat;
            case EFER -> cpu.sys.efer;
            case STAR -> star;
            case LSTAR -> lstar;
            case CSTAR -> cstar;
            case SFMASK -> sfmask;
            case FS_BASE -> cpu.seg[Cpu.FS].base();
            case GS_BASE -> cpu.seg[Cpu.GS].base();
            case KERNEL_GS_BASE -> kernelGsBase;
            case TSC_AUX -> tscAux;
            default -> cpu.host.msrRead(index);
        };
    }

    /** WRMSR. */
    public void write(int index, long value) {
        switch (index) {
            case TSC -> tscOffset += value - tsc();
            case SYSENTER_CS -> sysenterCs = value;
            case SYSENTER_ESP -> sysenterEsp = canonical(value);
            case SYSENTER_EIP -> sysenterEip = canonical(value);
            case PAT -> pat = requirePat(value);
            case EFER -> cpu.sys.writeEfer(value);
            case STAR -> star = value;
            case LSTAR -> lstar = canonical(value);
            case CSTAR -> cstar = canonical(value);
            case SFMASK -> sfmask = require32(value);
            case FS_BASE -> cpu.segmentBase(Cpu.FS, canonical(value));
            case GS_BASE -> cpu.segmentBase(Cpu.GS, canonical(value));
            case KERNEL_GS_BASE -> kernelGsBase = canonical(value);
            case TSC_AUX -> tscAux = (int) require32(value);
            default -> cpu.host.msrWrite(index, value);
        }
    }

    private long canonical(long value) {
        if (value << 16 >> 16 != value) {
            throw cpu.gp(0);
        }
        return value;
    }

    private long require32(long value) {
        if (value >>> 32 != 0) {
            throw cpu.gp(0);
        }
        return value;
    }

    private long requirePat(long value) {
        for (int i = 0; i < 64; i += 8) {
            int type = (int) (value >>> i) & 0xff;
            if (type > 7 || type == 2 || type == 3) {
                throw cpu.gp(0);
            }
        }
        return value;
    }
}
