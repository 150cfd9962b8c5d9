// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.splitvisor.host.Poll;
import io.splitvisor.monitor.time.Alarm;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LoopAlarmsTest {
    private final LoopAlarms alarms = new LoopAlarms();

    @AfterEach
    void close() {
        alarms.close();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void shouldCallWhatIsDueInOrderAndNothingElse(long seed) {
        Random random = new Random(seed);
        List<Integer> called = new ArrayList<>();
        List<Alarm> all = new ArrayList<>();
        Map<Integer, Long> set = new HashMap<>();
        for (int i = 0; i < 100; i++) {
            int id = i;
            all.add(alarms.newAlarm(() -> called.add(id)));
        }
        for (long now = 0; now < 3000; now++) {
            int id = random.nextInt(all.size());
            if (random.nextInt(3) > 0) {
                long time = now + random.nextInt(200);
                all.get(id).set(time);
                set.put(id, time);
            } else {
                all.get(id).cancel();
                set.remove(id);
            }
            called.clear();
            alarms.runDue(now);
            long time = now;
            assertThat(called)
                    .containsExactlyInAnyOrderElementsOf(set.entrySet().stream()
                            .filter(entry -> entry.getValue() <= time)
                            .map(Map.Entry::getKey)
                            .toList());
            assertThat(called).isSortedAccordingTo((a, b) -> Long.compare(set.get(a), set.get(b)));
            called.forEach(set::remove);
            assertThat(alarms.isEmpty()).isEqualTo(set.isEmpty());
        }
    }

    @Test
    void shouldLetOthersInBetweenWhenAnAlarmSetsItselfToThePast() {
        List<Integer> calls = new ArrayList<>();
        Alarm[] self = new Alarm[1];
        self[0] = alarms.newAlarm(() -> {
            calls.add(1);
            self[0].set(0);
        });
        self[0].set(0);
        assertThat(alarms.runDue(10)).isEqualTo(1);
        assertThat(calls).hasSize(1);
        self[0].cancel();
        assertThat(alarms.runDue(10)).isZero();
    }

    @Test
    void shouldEndASleepInTime() {
        AtomicLong came = new AtomicLong();
        Alarm alarm = alarms.newAlarm(() -> came.set(System.nanoTime()));
        alarm.set(System.nanoTime() + 3_000_000_000L);
        alarms.prepareSleep();
        long at = System.nanoTime() + 5_000_000;
        alarm.set(at);
        alarms.prepareSleep();
        try (Poll poll = new Poll(alarms.fd())) {
            assertThat(poll.await(10_000)).isEqualTo(1);
        }
        alarms.slept(System.nanoTime());
        assertThat(alarms.runDue(System.nanoTime())).isEqualTo(1);
        assertThat(came.get() - at).isBetween(0L, 1_000_000_000L);
    }

    @Test
    void shouldComeInALoopThatSleepsAndInOneThatWorks() {
        try (PollingLoop loop = new PollingLoop("alarms")) {
            ConcurrentLinkedQueue<Long> late = new ConcurrentLinkedQueue<>();
            for (int i = 0; i < 20; i++) {
                int step = i;
                loop.execute(() -> {
                    long at = System.nanoTime() + step * 1_000_000L;
                    loop.newAlarm(() -> late.add(System.nanoTime() - at)).set(at);
                });
            }
            await().until(() -> late.size() == 20);
            assertThat(late).allSatisfy(nanos -> assertThat(nanos).isBetween(0L, 1_000_000_000L));
        }
    }
}
