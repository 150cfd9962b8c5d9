// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.vcpu.mmu.GuestMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * Any bytes are a program, in every mode, with page tables in any state: a run ends within its budget, with an exit, and
 * touches nothing but guest RAM (whose bounds every access checks). Properties {@code fuzz.seed} and
 * {@code fuzz.seconds}.
 */
class AnyBytesPropertyTest {
    private static final long SEED = Long.getLong("fuzz.seed", 20261122);
    private static final int SECONDS = Integer.getInteger("fuzz.seconds", 30);
    private static final int RAM = 1 << 18;
    private static final long BUDGET = 2000;
    private static final long SLACK = 5000;

    private final SplittableRandom random = new SplittableRandom(SEED);
    private final MemorySegment ram = Arena.ofAuto().allocate(RAM, 4096);

    private enum Mode {
        REAL,
        PROTECTED16,
        PROTECTED32,
        VIRTUAL_8086,
        PAGED32,
        PAE,
        LONG_KERNEL,
        LONG_USER,
        COMPATIBILITY
    }

    /** How it executes them. */
    Tiers tiers() {
        return Tiers.INTERPRETER;
    }

    @Test
    void shouldEndEveryRunOfAnyBytesWithAnExit() {
        long end = System.nanoTime() + SECONDS * 1_000_000_000L;
        long runs = 0;
        while (System.nanoTime() < end) {
            long seed = random.nextLong();
            for (Mode mode : Mode.values()) {
                fuzz(mode, new SplittableRandom(seed));
                runs++;
            }
        }
        assertThat(runs).isPositive();
        System.out.println("any bytes: " + runs + " runs, seed " + SEED);
    }

    private void fuzz(Mode mode, SplittableRandom r) {
        fill(r);
        Vcpu vcpu = new Vcpu(
                GuestMemory.flat(ram),
                r.nextBoolean() ? Cpuid.full() : Cpuid.baseline(),
                tpr -> 32 + r.nextInt(224),
                Clock.INSTRUCTIONS,
                tiers());
        prepare(vcpu, mode, r);
        for (int exits = 0; exits < 50; exits++) {
            if (r.nextInt(4) == 0) {
                vcpu.interrupt();
            }
            if (r.nextInt(16) == 0) {
                vcpu.nmi();
            }
            long before = vcpu.retired();
            Exit exit = run(vcpu, mode);
            assertThat(vcpu.translation().failure()).isNull();
            assertThat(vcpu.retired() - before).isBetween(0L, BUDGET + SLACK);
            switch (exit) {
                case Exit.Access access -> {
                    if (r.nextInt(8) == 0) {
                        vcpu.refuse();
                    } else {
                        vcpu.complete(r.nextLong());
                    }
                }
                case Exit.TripleFault fault -> {
                    return;
                }
                case Exit.Budget budget -> {
                    if (exits > 10) {
                        return;
                    }
                }
                case Exit.Halt halt -> vcpu.interrupt();
                case Exit.Hypercall call -> vcpu.registers().general(0, r.nextLong());
                case Exit.InterruptWindow window -> vcpu.interrupt();
                case Exit.Breakpoint breakpoint -> throw new AssertionError("nobody set one");
                case Exit.Watchpoint watchpoint -> throw new AssertionError("nobody set one");
                case Exit.Stopped stopped -> throw new AssertionError("nobody stopped it");
            }
        }
    }

    private Exit run(Vcpu vcpu, Mode mode) {
        try {
            return vcpu.run(BUDGET);
        } catch (RuntimeException | Error e) {
            throw new AssertionError(
                    "%s, seed %d, at %x: %s"
                            .formatted(mode, SEED, vcpu.registers().rip(), e),
                    e);
        }
    }

    /**
     * Descriptor tables are random bytes as the rest, in which one in a few hundred leads to a task state segment: some are put
     * where they are looked for.
     */
    private void tasks(SplittableRandom r) {
        for (int n = 0; n < 200; n++) {
            long base = r.nextInt(RAM);
            long type = new long[] {0x81, 0x83, 0x85, 0x89, 0x8b, 0xe5, 0xe9}[r.nextInt(7)];
            long descriptor = r.nextInt(0x70) | (base & 0xff_ffff) << 16 | type << 40;
            ram.set(ValueLayout.JAVA_LONG, r.nextInt(RAM >> 3) * 8L, descriptor);
        }
    }

    /** Noise with opcodes that matter strewn in, small numbers that could be page-table entries, and repetitions. */
    private void fill(SplittableRandom r) {
        byte[] bytes = new byte[RAM];
        r.nextBytes(bytes);
        ram.copyFrom(MemorySegment.ofArray(bytes));
        for (int n = 0; n < 2000; n++) {
            long at = r.nextInt(RAM - 16);
            byte[] opcode = INTERESTING[r.nextInt(INTERESTING.length)];
            MemorySegment.copy(opcode, 0, ram, ValueLayout.JAVA_BYTE, at, opcode.length);
        }
        tasks(r);
        // Tables of all formats, mostly present, mostly inside RAM.
        for (int page = 1; page < 8; page++) {
            for (int i = 0; i < 512; i++) {
                long entry =
                        (long) r.nextInt(RAM >> 12) << 12 | (r.nextInt(4096) & ~0x180) | (r.nextInt(8) == 0 ? 0 : 7);
                if (r.nextInt(64) == 0) {
                    entry = r.nextLong();
                }
                ram.set(ValueLayout.JAVA_LONG, page * 4096L + 8L * i, entry);
            }
        }
    }

    private static final byte[][] INTERESTING = {
        {0x0f, 0x20, (byte) 0xc0},
        {0x0f, 0x22, (byte) 0xc0},
        {0x0f, 0x22, (byte) 0xd8},
        {0x0f, 0x22, (byte) 0xe0},
        {0x0f, 0x01, (byte) 0x10},
        {0x0f, 0x01, (byte) 0x18},
        {0x0f, 0x30},
        {0x0f, 0x05},
        {0x0f, 0x07},
        {(byte) 0xcf},
        {0x66, (byte) 0xcf},
        {0x48, (byte) 0xcf},
        {(byte) 0xcd, 0x20},
        {(byte) 0xf3, (byte) 0xa4},
        {(byte) 0xf3, 0x48, (byte) 0xab},
        {(byte) 0xfb},
        {(byte) 0x8e, (byte) 0xd8},
        {(byte) 0xcb},
        {(byte) 0xea, 0, 1, 8, 0},
        {(byte) 0x9d},
        {(byte) 0xec},
        {0x6c},
        {(byte) 0xf4},
        {(byte) 0xeb, (byte) 0xfe},
    };

    private void prepare(Vcpu vcpu, Mode mode, SplittableRandom r) {
        Registers registers = vcpu.registers();
        for (int i = 0; i < 16; i++) {
            registers.general(i, r.nextInt(3) == 0 ? r.nextLong() : r.nextInt(RAM));
        }
        long root = 4096L * (1 + r.nextInt(7));
        long wp = r.nextBoolean() ? 0x10000 : 0;
        long guards = (r.nextBoolean() ? 1L << 20 : 0) | (r.nextBoolean() ? 1L << 21 : 0);
        switch (mode) {
            case REAL -> {}
            case PROTECTED16, PROTECTED32, VIRTUAL_8086 -> registers.system(0x11, 0, 0, 0);
            case PAGED32 -> registers.system(0x8000_0011L | wp, root, 0x10 | guards, 0);
            case PAE -> registers.system(0x8000_0011L | wp, root, 0x30 | guards, 0x800);
            case LONG_KERNEL, LONG_USER, COMPATIBILITY ->
                registers.system(0x8000_0011L | wp, root, 0x20 | guards, 0xd01);
        }
        int dpl = r.nextInt(4) << 5;
        int code =
                switch (mode) {
                    case REAL, PROTECTED16, VIRTUAL_8086 -> 0x009b;
                    case PROTECTED32, PAGED32, PAE -> 0xc09b;
                    case COMPATIBILITY -> 0xc0fb;
                    case LONG_KERNEL -> 0xa09b;
                    case LONG_USER -> 0xa0fb;
                };
        if (mode == Mode.VIRTUAL_8086) {
            for (int n = 0; n < 6; n++) {
                int selector = r.nextInt(RAM >> 4);
                registers.segment(n, new Registers.SegmentValue(selector, (long) selector << 4, 0xffff, 0xf3));
            }
        } else if (mode != Mode.REAL) {
            registers.segment(1, new Registers.SegmentValue(8, 0, -1, code | dpl));
            for (int n : new int[] {0, 2, 3, 4, 5}) {
                registers.segment(n, new Registers.SegmentValue(16, 0, -1, 0xc093 | dpl));
            }
        } else {
            registers.segment(1, new Registers.SegmentValue(0x100, 0x1000, 0xffff, 0x93));
        }
        registers.tables(r.nextInt(RAM), r.nextInt(0x10000), r.nextInt(RAM), r.nextInt(0x10000));
        // A task to switch from: of either size, anywhere.
        registers.task(new Registers.SegmentValue(
                r.nextInt(0x10000) & ~7, r.nextInt(RAM), 0x67, r.nextBoolean() ? 0x8b : 0x83));
        boolean small = mode == Mode.REAL || mode == Mode.PROTECTED16 || mode == Mode.VIRTUAL_8086;
        registers.rip(r.nextInt(small ? 0x10000 : RAM));
        registers.rflags(r.nextInt() & 0x3f7fd7 | (mode == Mode.VIRTUAL_8086 ? 1 << 17 : 0));
    }
}
