// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.loop;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.splitvisor.backend.RingWorker;
import io.splitvisor.host.EventFd;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What a loop costs while nobody wants anything: nothing. */
class PollingLoopIdleTest {
    private static final int DOMAINS = 100;

    private record Idle(AtomicInteger armed) implements RingWorker {
        @Override
        public int serve() {
            return 0;
        }

        @Override
        public boolean arm() {
            armed.incrementAndGet();
            return false;
        }

        @Override
        public void failed(RuntimeException cause) {
            throw new AssertionError(cause);
        }

        // One worker is not another one, though both have been armed as often.
        @Override
        public boolean equals(Object other) {
            return this == other;
        }

        @Override
        public int hashCode() {
            return System.identityHashCode(this);
        }
    }

    @Test
    void shouldUseNoProcessorWhileItIsIdle() throws IOException {
        List<EventFd> bells = new ArrayList<>();
        try (PollingLoop loop = new PollingLoop("idle-loop")) {
            List<Idle> workers = new ArrayList<>();
            for (int i = 0; i < DOMAINS; i++) {
                Idle worker = new Idle(new AtomicInteger());
                workers.add(worker);
                EventFd bell = EventFd.create();
                bells.add(bell);
                loop.addBell(bell, worker);
            }
            await().atMost(10, SECONDS).until(() -> workers.stream()
                    .allMatch(worker -> worker.armed().get() > 0));
            Path thread = threadNamed("idle-loop");
            AtomicLong switches = new AtomicLong(-1);
            // Asleep: its context switches do not change from one look to the next.
            await().atMost(10, SECONDS).until(() -> {
                long now = voluntarySwitches(thread);
                return switches.getAndSet(now) == now;
            });
            long before = processorNanos(thread);
            long start = System.nanoTime();
            await().pollDelay(1, SECONDS).until(() -> System.nanoTime() - start >= 1_000_000_000);
            assertThat(voluntarySwitches(thread)).isEqualTo(switches.get());
            // Less than a tenth of a per cent of a core.
            assertThat(processorNanos(thread) - before).isLessThan(1_000_000);
        } finally {
            bells.forEach(EventFd::close);
        }
    }

    private static Path threadNamed(String name) throws IOException {
        try (Stream<Path> threads = Files.list(Path.of("/proc/self/task"))) {
            return threads.filter(
                            thread -> name.equals(read(thread.resolve("comm")).strip()))
                    .findFirst()
                    .orElseThrow();
        }
    }

    private static long processorNanos(Path thread) {
        return Long.parseLong(read(thread.resolve("schedstat")).split(" ")[0]);
    }

    private static long voluntarySwitches(Path thread) {
        return read(thread.resolve("status"))
                .lines()
                .filter(line -> line.startsWith("voluntary_ctxt_switches"))
                .mapToLong(line -> Long.parseLong(line.split("\\s+")[1]))
                .findFirst()
                .orElseThrow();
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return "";
        }
    }
}
