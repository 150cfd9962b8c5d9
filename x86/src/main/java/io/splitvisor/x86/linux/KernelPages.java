// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.linux;

import io.splitvisor.vcpu.Registers;
import io.splitvisor.vcpu.Registers.SegmentValue;
import io.splitvisor.vcpu.Vcpu;
import io.splitvisor.x86.memory.AddressSpace;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.BitSet;

/**
 * The little there is of a kernel inside the processor: every way from ring 3 into ring 0 ends in a VMCALL, and so with
 * the host. Nothing in ring 0 ever runs on: the host sets the registers back to ring 3.
 *
 * <pre>
 *   page 0      SYSCALL's target; from 0x40, 16 bytes each, the handlers of the exceptions
 *   page 1      the IDT
 *   page 2 + n  of thread n: TSS at 0, GDT at 0x100, its stack at the end
 * </pre>
 */
final class KernelPages {
    /** How many threads have a page. */
    static final int THREADS = 508;

    private static final int SYSCALL_ENTRY = 0;
    private static final int HANDLERS = 0x40;
    private static final int HANDLER_BYTES = 16;
    private static final int EXCEPTIONS = 32;
    private static final int VMCALL_BYTES = 3;
    /** 0f 01 c1, little-endian. */
    private static final int VMCALL = 0xc1010f;

    private static final int GDT = 0x100;
    private static final int TSS_LIMIT = 0x67;
    /** Exceptions that push an error code. */
    private static final int WITH_ERROR_CODE = 1 << 8 | 1 << 10 | 1 << 11 | 1 << 12 | 1 << 13 | 1 << 14 | 1 << 17;

    // Selectors are Linux's.
    private static final int KERNEL_CODE = 0x10;
    private static final int USER_DATA = 0x2b;
    private static final int USER_CODE = 0x33;
    private static final int TASK = 0x40;

    private static final int CODE64 = 0xa09b;
    private static final int DATA = 0xc093;
    private static final int DPL3 = 0x60;

    private static final int CS = 1;
    private static final int SS = 2;
    private static final int RCX = 1;
    private static final int RSP = 4;
    private static final int R11 = 11;

    private static final long CR0 = 0x8005_0033L;
    private static final long CR4 = 1 << 5 | 1 << 7 | 1 << 9 | 1 << 10 | 1 << 16;
    private static final long EFER = 1 | 1 << 8 | 1 << 10 | 1 << 11;
    private static final int MSR_STAR = 0xc000_0081;
    private static final int MSR_LSTAR = 0xc000_0082;
    private static final int MSR_SFMASK = 0xc000_0084;
    /** TF, IF, DF, IOPL, NT, AC: as Linux sets it. */
    private static final long SYSCALL_CLEARS = 0x4_7700;

    /** Why ring 3 was left. In both cases the registers are ring 3's again. */
    sealed interface Entry {
        /** SYSCALL: number and arguments are in the registers. */
        record SystemCall() implements Entry {}

        /** An exception; RIP is what the processor saved. */
        record Fault(int vector, long error, long address) implements Entry {}
    }

    private final long base;
    private final MemorySegment ram;
    private final BitSet pages = new BitSet();

    /** Writes the pages that all threads share. */
    KernelPages(AddressSpace memory) {
        this.base = memory.limit();
        this.ram = memory.bytes();
        ram.set(ValueLayout.JAVA_INT_UNALIGNED, base + SYSCALL_ENTRY, VMCALL);
        for (int vector = 0; vector < EXCEPTIONS; vector++) {
            long handler = base + HANDLERS + (long) HANDLER_BYTES * vector;
            ram.set(ValueLayout.JAVA_INT_UNALIGNED, handler, VMCALL);
            long gate = idt() + 16L * vector;
            // INT3 and INTO are for programs.
            int attributes = vector == 3 || vector == 4 ? 0xee00 : 0x8e00;
            ram.set(
                    ValueLayout.JAVA_LONG,
                    gate,
                    (handler & 0xffff)
                            | (long) KERNEL_CODE << 16
                            | (long) attributes << 32
                            | (handler >>> 16 & 0xffff) << 48);
            ram.set(ValueLayout.JAVA_LONG, gate + 8, handler >>> 32);
        }
    }

    /** A page for a thread, or -1 if there are too many. */
    synchronized int take() {
        int page = pages.nextClearBit(0);
        if (page >= THREADS) {
            return -1;
        }
        pages.set(page);
        return page;
    }

    /** Gives a thread's page back. */
    synchronized void release(int page) {
        pages.clear(page);
    }

    private long idt() {
        return base + AddressSpace.PAGE;
    }

    private long page(int thread) {
        return base + (2L + thread) * AddressSpace.PAGE;
    }

    /** Brings a processor into ring 3 of a program; its general registers and RIP are left alone. */
    void enter(Vcpu vcpu, int thread, long root) {
        long page = page(thread);
        ram.set(ValueLayout.JAVA_LONG_UNALIGNED, page + 4, page + AddressSpace.PAGE);
        descriptor(page, KERNEL_CODE, CODE64);
        descriptor(page, KERNEL_CODE + 8, DATA);
        descriptor(page, USER_DATA & ~3, DATA | DPL3);
        descriptor(page, USER_CODE & ~3, CODE64 | DPL3);
        Registers r = vcpu.registers();
        r.system(CR0, root, CR4, EFER);
        r.tables(page + GDT, 0xff, idt(), 16 * EXCEPTIONS - 1);
        r.task(new SegmentValue(TASK, page, TSS_LIMIT, 0x8b));
        r.msr(MSR_STAR, (long) KERNEL_CODE << 32 | (USER_DATA - 8L) << 48);
        r.msr(MSR_LSTAR, base + SYSCALL_ENTRY);
        r.msr(MSR_SFMASK, SYSCALL_CLEARS);
        for (int data : new int[] {0, 3, 4, 5}) {
            r.segment(data, new SegmentValue(0, 0, 0, 0x1_0000));
        }
        toRing3(r);
    }

    private void descriptor(long page, int selector, int attributes) {
        // Base 0, limit 4 GiB.
        long value = 0xffff | (attributes & 0xffL) << 40 | (attributes & 0xf000L) << 40 | 0xfL << 48;
        ram.set(ValueLayout.JAVA_LONG, page + GDT + selector, value);
    }

    private static void toRing3(Registers r) {
        r.segment(SS, new SegmentValue(USER_DATA, 0, -1, DATA | DPL3));
        r.segment(CS, new SegmentValue(USER_CODE, 0, -1, CODE64 | DPL3));
    }

    /** After a VMCALL: why the program left ring 3, to which the registers go back. */
    Entry entered(Registers r) {
        if (r.cpl() != 0) {
            // The program's own VMCALL: natively there is nobody to call.
            r.rip(r.rip() - VMCALL_BYTES);
            return new Entry.Fault(6, 0, 0);
        }
        long at = r.rip() - VMCALL_BYTES - base;
        if (at == SYSCALL_ENTRY) {
            toRing3(r);
            r.rip(r.general(RCX));
            r.rflags(r.general(R11));
            return new Entry.SystemCall();
        }
        int vector = (int) ((at - HANDLERS) / HANDLER_BYTES);
        boolean hasError = (WITH_ERROR_CODE >>> vector & 1) != 0;
        long frame = r.general(RSP);
        long error = hasError ? word(frame) : 0;
        long saved = hasError ? frame + 8 : frame;
        toRing3(r);
        r.rip(word(saved));
        r.rflags(word(saved + 16));
        r.general(RSP, word(saved + 24));
        return new Entry.Fault(vector, error, r.control(2));
    }

    private long word(long at) {
        return ram.get(ValueLayout.JAVA_LONG_UNALIGNED, at);
    }
}
