// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.ring;

import static io.splitvisor.ring.XenRings.word;
import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.host.EventFd;
import io.splitvisor.host.HostMemory;
import io.splitvisor.host.Poll;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class DoorbellTest {
    private static final int WORD = 128;

    private final MemorySegment memory = XenRings.page();
    private final EventFd event = EventFd.create();
    private final Doorbell bell = new Doorbell(memory, WORD, event);
    private final Poll poll = new Poll(event.fd());

    @AfterEach
    void close() {
        poll.close();
        bell.close();
    }

    @Test
    void shouldNotCallSomebodyWhoIsAwake() {
        assertThat(bell.ring()).isFalse();
        assertThat(poll.await(0)).isZero();
    }

    @Test
    void shouldCallASleeperOnce() {
        bell.arm();
        assertThat(bell.ring()).isTrue();
        assertThat(bell.ring()).isFalse();
        assertThat(poll.await(0)).isOne();
        bell.disarm();
        assertThat(poll.await(0)).isZero();
        assertThat(bell.ring()).isFalse();
    }

    @Test
    void shouldNeedNoCallAfterDisarming() {
        bell.arm();
        bell.disarm();
        assertThat(bell.ring()).isFalse();
        assertThat(poll.await(0)).isZero();
    }

    @Test
    void shouldTakeALateSignalForOneSpuriousWakeUpOnly() {
        bell.arm();
        // The ringer takes the word; before it gets to signal, the sleeper has found the work and is done with it.
        word(memory, WORD, 0);
        bell.disarm(false);
        event.signal();

        bell.arm();
        assertThat(poll.await(0)).as("the spurious wake-up").isOne();
        bell.disarm(true);
        bell.arm();
        assertThat(poll.await(0)).as("and no second one").isZero();
        assertThat(bell.ring()).isTrue();
    }

    @Test
    void shouldTakeASignalAwayThatCameWithoutTheWord() {
        // A hostile peer writes to the eventfd and leaves the word alone: the sleeper must not spin from now on.
        event.signal();
        bell.arm();
        assertThat(poll.await(0)).isOne();
        bell.disarm();
        bell.arm();
        assertThat(poll.await(0)).isZero();
    }

    @Test
    void shouldTreatAnyOtherWordAsAsleep() {
        word(memory, WORD, 0xDEADBEEF);
        assertThat(bell.ring()).isTrue();
        assertThat(word(memory, WORD)).isZero();
    }

    @Test
    void shouldLoseNoWakeUpBetweenThreads() throws InterruptedException {
        int rounds = 20_000;
        int work = 256;
        Thread ringer = new Thread(() -> {
            for (int i = 1; i <= rounds; i++) {
                // Now and then only when the other is asleep, or about to be; else without looking.
                while (i % 16 == 0 && HostMemory.acquire(memory.address() + WORD) == 0) {
                    Thread.onSpinWait();
                }
                HostMemory.release(memory.address() + work, i);
                bell.ring();
            }
        });
        ringer.start();
        int seen = 0;
        int slept = 0;
        while (seen < rounds) {
            bell.arm();
            int now = HostMemory.acquire(memory.address() + work);
            boolean signalled = false;
            if (now == seen) {
                slept++;
                signalled = poll.await(20_000) != 0;
                assertThat(signalled).as("woken after %d of %d", seen, rounds).isTrue();
            }
            bell.disarm(signalled);
            seen = HostMemory.acquire(memory.address() + work);
        }
        ringer.join();
        assertThat(slept).isPositive();
    }
}
