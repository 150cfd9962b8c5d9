// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.stress.paging;

import io.splitvisor.abi.paging.PageTableEntry;
import io.splitvisor.domu.memory.GuestMemory;
import io.splitvisor.vcpu.Registers;
import io.splitvisor.vcpu.Registers.SegmentValue;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;

/**
 * A small x86-64 kernel in a piece of 2 MiB of a domain's RAM. It maps frames at random into a window of sixteen pages,
 * present or not, writable or not, invalidates, stores and loads there, and sums up what it finds, entries with their accessed
 * and dirty bits and page faults included.
 */
final class X86Kernel {
    static final int PAGES = 512;

    /** Where sixteen pages are mapped. */
    static final long WINDOW = 1L << 30;

    /** Registers, by the processor's numbers: the address of an entry's table, its index and value. */
    static final int TABLE = 13;

    static final int INDEX = 1;
    static final int VALUE = 2;

    private static final int SUM = 15;
    private static final int PRESENT = (int) (PageTableEntry.PRESENT | PageTableEntry.WRITABLE);

    // Pages of the piece.
    private static final int CODE = 0;
    private static final int SYSTEM = 1;
    private static final int STACK = 2;
    private static final int L4 = 3;
    private static final int L3 = 4;
    private static final int L2 = 5;
    private static final int L1 = 6;
    private static final int WINDOW_L2 = 7;
    private static final int WINDOW_L1 = 8;
    private static final int DATA = 16;

    private static final int HANDLER = 0x800;
    private static final int IDT = 0x100;
    private static final int PAGE_FAULT = 14;

    private static final String STORE = "49 89 54 cd 00"; // mov %rdx,(%r13,%rcx,8)
    private static final String ASK = "0f 01 c1 66 90"; // vmcall

    private static final String BEFORE = "4d 69 d2 2d f4 51 58" // imul $0x5851f42d,%r10,%r10
            + "49 81 c2 4d 2d 95 14" // add $0x14952d4d,%r10
            + "4c 89 d1 48 c1 e9 21 83 e1 0f" // rcx: an index
            + "4c 89 d2 48 c1 ea 28 83 e2 0f" // rdx: a frame
            + "4c 89 d3 48 c1 eb 32 83 e3 03" // rbx: present, writable
            + "48 c1 e2 0c 4c 01 f2 48 09 da"; // rdx: the entry

    private static final String AFTER = "48 89 cf 48 c1 e7 0c 4c 01 e7" // rdi: the address
            + "0f 01 3f" // invlpg (%rdi)
            + "4c 89 d0 48 89 07" // mov %r10,%rax; mov %rax,(%rdi)
            + "31 c0 48 8b 07" // xor %eax,%eax; mov (%rdi),%rax
            + "49 c1 c7 05 49 01 c7" // rol $5,%r15; add %rax,%r15
            + "49 8b 44 cd 00 83 e0 67 49 01 c7" // the entry's flags
            + "41 f7 c3 3f 00 00 00 75 06" // each 64th time:
            + "0f 20 d8 0f 22 d8" // mov %cr3,%rax; mov %rax,%cr3
            + "49 ff cb 0f 85"; // dec %r11; jnz

    private static final String FAULT = "58 0f 20 d3 48 31 d8" // pop %rax; mov %cr2,%rbx; xor %rbx,%rax
            + "49 c1 c7 07 49 01 c7" // rol $7,%r15; add %rax,%r15
            + "48 83 04 24 03 48 cf"; // the instruction is skipped; iretq

    private final MemorySegment ram;
    private final int first;
    private final boolean asks;

    /**
     * Writes it into memory.
     *
     * @param first its first page, which frame and machine page it is alike
     * @param asks whether it asks for changes of entries by a hypercall, because it cannot write to its tables
     */
    X86Kernel(MemorySegment ram, int first, boolean asks) {
        this.ram = ram;
        this.first = first;
        this.asks = asks;
        code();
        tables();
    }

    private long address(int page) {
        return GuestMemory.address(first + page);
    }

    /** The root's page. */
    int root() {
        return first + L4;
    }

    private void bytes(long at, byte[] bytes) {
        MemorySegment.copy(bytes, 0, ram, ValueLayout.JAVA_BYTE, at, bytes.length);
    }

    private static byte[] hex(String text) {
        return HexFormat.of().parseHex(text.replace(" ", ""));
    }

    private void code() {
        byte[] loop = hex(BEFORE + (asks ? ASK : STORE) + AFTER);
        bytes(address(CODE), loop);
        long end = address(CODE) + loop.length;
        ram.set(ValueLayout.JAVA_INT_UNALIGNED, end, -(loop.length + Integer.BYTES));
        ram.set(ValueLayout.JAVA_BYTE, end + Integer.BYTES, (byte) 0xf4);
        bytes(address(CODE) + HANDLER, hex(FAULT));
        long handler = address(CODE) + HANDLER;
        long gate = address(SYSTEM) + IDT + PAGE_FAULT * 16;
        ram.set(ValueLayout.JAVA_LONG, gate, handler & 0xffff | 8 << 16 | 0x8e00L << 32 | handler >>> 16 << 48);
        ram.set(ValueLayout.JAVA_LONG, gate + 8, handler >>> 32);
        ram.set(ValueLayout.JAVA_LONG, address(SYSTEM) + 8, 0x00af_9b00_0000_ffffL);
        ram.set(ValueLayout.JAVA_LONG, address(SYSTEM) + 16, 0x00cf_9300_0000_ffffL);
    }

    private void entry(int table, int index, long page, long flags) {
        ram.set(ValueLayout.JAVA_LONG, address(table) + index * 8L, PageTableEntry.of(page, flags));
    }

    private void tables() {
        long here = address(0);
        entry(L4, 0, first + L3, PRESENT);
        entry(L3, 0, first + L2, PRESENT);
        entry(L2, PageTableEntry.index(here, 2), first + L1, PRESENT);
        for (int page = 0; page < PAGES; page++) {
            boolean table = page >= L4 && page <= WINDOW_L1;
            long flags = asks && table ? PageTableEntry.PRESENT : PRESENT;
            entry(L1, PageTableEntry.index(here, 1) + page, first + page, flags);
        }
        entry(L3, PageTableEntry.index(WINDOW, 3), first + WINDOW_L2, PRESENT);
        entry(WINDOW_L2, 0, first + WINDOW_L1, PRESENT);
    }

    /** Puts a processor at its beginning, in ring 0 of long mode, paging on. */
    void start(Registers r, int turns) {
        r.system(0x8001_0033L, address(L4), 0x20, 0xd00);
        r.segment(1, new SegmentValue(8, 0, -1, 0xa09b));
        r.segment(2, new SegmentValue(16, 0, -1, 0xc093));
        r.segment(3, new SegmentValue(16, 0, -1, 0xc093));
        r.tables(address(SYSTEM), 0xff, address(SYSTEM) + IDT, 0xfff);
        r.rip(address(CODE));
        r.general(4, address(STACK) + GuestMemory.PAGE_SIZE);
        r.general(10, 20261122);
        r.general(11, turns);
        r.general(12, WINDOW);
        r.general(TABLE, address(WINDOW_L1));
        r.general(14, address(DATA));
        r.general(SUM, 0);
    }

    /** What it has summed up. */
    static long sum(Registers r) {
        return r.general(SUM);
    }
}
