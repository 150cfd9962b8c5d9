// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.loop;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.splitvisor.backend.RingWorker;
import org.junit.jupiter.api.Test;

/** A worker or a task that fails is the only one that does. */
class PollingLoopFailureTest extends PollingLoopFixture {
    private void shouldGiveUpOn(Throwable thrown) {
        CountingWorker worker = new CountingWorker();
        CountingWorker neighbour = new CountingWorker();
        worker.thrown = thrown;
        loop.wake(neighbour);
        loop.wake(worker);
        await().atMost(10, SECONDS).until(() -> worker.failures.get() == 1);
        // Whatever wakes it, it is not called again.
        for (int i = 0; i < 3; i++) {
            loop.wake(worker);
            inLoop(() -> {});
        }
        assertThat(worker.served).hasValue(1);
        assertThat(worker.failures).hasValue(1);
        neighbour.pending.set(1);
        loop.wake(neighbour);
        await().atMost(10, SECONDS).until(() -> neighbour.done.get() == 1);
        // Forgotten, it may start anew.
        worker.thrown = null;
        worker.pending.set(1);
        inLoop(() -> loop.forget(worker));
        loop.wake(worker);
        await().atMost(10, SECONDS).until(() -> worker.done.get() == 1);
    }

    @Test
    void shouldGiveUpOnAWorkerThatThrows() {
        shouldGiveUpOn(new IllegalStateException("a worker's bug"));
    }

    @Test
    void shouldSurviveAnErrorInAWorker() {
        shouldGiveUpOn(new StackOverflowError("a worker's bug"));
    }

    @Test
    void shouldSurviveAWorkerThatThrowsWhenItIsTold() {
        RingWorker worker = new RingWorker() {
            @Override
            public int serve() {
                throw new IllegalStateException("first");
            }

            @Override
            public boolean arm() {
                return false;
            }

            @Override
            public void failed(RuntimeException cause) {
                throw new IllegalStateException("second");
            }
        };
        loop.wake(worker);
        inLoop(() -> {});
        inLoop(() -> {});
        assertThat(loop.inLoop()).isFalse();
    }

    @Test
    void shouldSurviveATaskThatThrows() {
        loop.execute(() -> {
            throw new IllegalStateException("a task's bug");
        });
        loop.execute(() -> {
            throw new AssertionError("another one");
        });
        inLoop(() -> assertThat(loop.inLoop()).isTrue());
    }
}
