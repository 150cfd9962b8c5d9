// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.stress.paging;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.paging.PagingMode;
import io.splitvisor.domu.paging.PagingOptions;
import io.splitvisor.domu.paging.ShootdownBy;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Random programs behave in each mode as the reference model says, in every value and every fault. {@code -Dpaging.seed} and
 * {@code -Dpaging.steps} (a mode) try others, or lengthen a run; without them every build makes the same.
 */
class PagingEquivalencePropertyTest {
    private static final long SEED = Long.getLong("paging.seed", 20261122);
    private static final long STEPS = Long.getLong("paging.steps", 100_000);
    private static final int STEPS_A_PROGRAM = 20_000;
    private static final int VCPUS = 3;
    private static final int FRAMES = 8192;
    private static final int SWAP_SLOTS = 64;

    @ParameterizedTest
    @EnumSource
    void shouldBehaveAsTheModelSays(PagingMode mode) {
        long faults = 0;
        long start = System.nanoTime();
        for (long done = 0, seed = SEED; done < STEPS; done += STEPS_A_PROGRAM, seed++) {
            ShootdownBy way = seed % 2 == 0 ? ShootdownBy.INTERRUPT : ShootdownBy.HYPERCALL;
            PagingOptions options = PagedGuest.options(FRAMES).with(way);
            try (PagedGuest guest = new PagedGuest(mode, VCPUS, seed, options, false)) {
                guest.spaces.swapTo(new MemorySwap(SWAP_SLOTS));
                faults += run(guest, seed, Math.min(STEPS_A_PROGRAM, STEPS - done));
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError(mode.word() + ", -Dpaging.seed=" + seed, e);
            }
        }
        System.out.printf(
                "%s: %d steps from seed %d, %d faults, %d ns a step%n",
                mode.word(), STEPS, SEED, faults, (System.nanoTime() - start) / STEPS);
        assertThat(faults).isPositive();
    }

    /** The program runs on the calling thread, the monitor in slices of random length: preemption is where the seed has it. */
    private static long run(PagedGuest guest, long seed, long steps) {
        for (int vcpu = 0; vcpu < VCPUS; vcpu++) {
            guest.spaces.processor(vcpu);
        }
        int free = guest.spaces.freeFrames();
        PagingProgram program = new PagingProgram(guest.spaces, VCPUS, seed);
        program.run(steps);
        program.end();
        assertThat(guest.spaces.freeFrames()).as("frames given back").isEqualTo(free);
        assertThat(program.entries()).as("entries read through the self map").isPositive();
        return program.faults();
    }
}
