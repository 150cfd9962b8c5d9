// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.evtchn;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class GateTest {
    @Test
    void shouldLetManyInUntilItIsShut() {
        Gate gate = new Gate();
        assertThat(gate.enter()).isTrue();
        assertThat(gate.enter()).isTrue();
        gate.leave();
        gate.leave();
        gate.shut();
        assertThat(gate.enter()).isFalse();
        gate.shut();
        assertThat(gate.enter()).isFalse();
    }

    @Test
    void shouldCountThoseWhoAreToBeCountedAndWereLetIn() {
        Gate gate = new Gate();
        for (int i = 0; i < 10_000; i++) {
            assertThat(gate.enterCounted()).isTrue();
            assertThat(gate.enter()).isTrue();
            gate.leave();
            gate.leave();
        }
        assertThat(gate.counted()).isEqualTo(10_000);
        gate.shut();
        assertThat(gate.enterCounted()).isFalse();
        assertThat(gate.counted()).isEqualTo(10_000);
    }

    @Test
    void shouldWaitForThoseInside() throws InterruptedException {
        Gate gate = new Gate();
        assertThat(gate.enter()).isTrue();
        AtomicBoolean shut = new AtomicBoolean();
        Thread shutter = Thread.ofPlatform().start(() -> {
            gate.shut();
            shut.set(true);
        });
        while (gate.enter()) {
            gate.leave();
            Thread.onSpinWait();
        }
        assertThat(shut).isFalse();
        gate.leave();
        shutter.join();
        assertThat(shut).isTrue();
    }

    @Test
    void shouldNeverHaveAnybodyInsideAfterItIsShut() throws InterruptedException {
        for (int round = 0; round < 100; round++) {
            Gate gate = new Gate();
            AtomicBoolean gone = new AtomicBoolean();
            AtomicInteger trespassers = new AtomicInteger();
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                threads.add(Thread.ofPlatform().start(() -> {
                    while (gate.enter()) {
                        if (gone.get()) {
                            trespassers.incrementAndGet();
                        }
                        gate.leave();
                    }
                }));
            }
            gate.shut();
            gone.set(true);
            for (Thread thread : threads) {
                thread.join();
            }
            assertThat(trespassers).hasValue(0);
        }
    }
}
