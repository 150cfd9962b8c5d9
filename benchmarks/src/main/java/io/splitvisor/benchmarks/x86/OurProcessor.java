// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.x86;

import io.splitvisor.vcpu.Clock;
import io.splitvisor.vcpu.Cpuid;
import io.splitvisor.vcpu.Exit;
import io.splitvisor.vcpu.Interrupts;
import io.splitvisor.vcpu.Registers;
import io.splitvisor.vcpu.Tiers;
import io.splitvisor.vcpu.Vcpu;
import io.splitvisor.vcpu.mmu.GuestMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Runs an {@link Image} on our virtual processor. */
final class OurProcessor {
    private static final long BUDGET = 10_000_000;

    private final Tiers tiers;
    private long instructions;

    OurProcessor(Tiers tiers) {
        this.tiers = tiers;
    }

    /** Instructions of one round, the last. */
    long instructions() {
        return instructions;
    }

    /** Runs an image to its end. */
    Rounds run(byte[] image) {
        try (Arena arena = Arena.ofShared()) {
            MemorySegment ram = arena.allocate(Image.MAPPED, 4096);
            MemorySegment.copy(image, 0, ram, ValueLayout.JAVA_BYTE, Image.BASE, image.length);
            Vcpu vcpu = new Vcpu(GuestMemory.flat(ram), Cpuid.baseline(), Interrupts.NEVER, Clock.NANOSECONDS, tiers);
            Registers registers = vcpu.registers();
            // As a Multiboot loader leaves it: 32-bit protected mode, flat segments.
            registers.system(0x11, 0, 0, 0);
            registers.segment(1, new Registers.SegmentValue(8, 0, -1, 0xc09b));
            for (int n : new int[] {0, 2, 3, 4, 5}) {
                registers.segment(n, new Registers.SegmentValue(16, 0, -1, 0xc093));
            }
            registers.rip(Image.ENTRY);
            return serve(vcpu);
        }
    }

    private Rounds serve(Vcpu vcpu) {
        Rounds rounds = new Rounds();
        long started = 0;
        while (!rounds.ended()) {
            switch (vcpu.run(BUDGET)) {
                case Exit.PortWrite w -> {
                    if (w.value() == 'S') {
                        started = vcpu.retired();
                    } else if (w.value() == 'E') {
                        instructions = vcpu.retired() - started;
                    }
                    rounds.take((int) w.value());
                    vcpu.complete(0);
                }
                case Exit.Budget budget -> {}
                case Exit other -> throw new IllegalStateException("the processor left with " + other);
            }
        }
        if (vcpu.translation().failed() != 0) {
            throw new IllegalStateException(vcpu.translation().failure());
        }
        return rounds;
    }
}
