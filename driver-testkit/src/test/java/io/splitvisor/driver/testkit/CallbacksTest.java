// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.splitvisor.driver.backend.Request;
import io.splitvisor.driver.frontend.Call;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import org.junit.jupiter.api.Test;

/** What callbacks of calls may do, and what they cannot spoil. */
class CallbacksTest {
    private static Call call(Toy toy) {
        return toy.frontend().call().set(Ping.OPERATION, Ping.ADD);
    }

    /** Each answer begins the next call, as a driver does that keeps so many under way. */
    @Test
    void shouldPublishTogetherWhatIsSubmittedForResponsesThatCameTogether() {
        Queue<Request> held = new ArrayDeque<>();
        try (Toy toy = new Toy(Ping.PROTOCOL, held::add).connect()) {
            List<Call> calls = new ArrayList<>();
            int[] again = new int[1];
            for (int i = 0; i < 8; i++) {
                calls.add(call(toy).set(Ping.NUMBER, i).onComplete(call -> {
                    if (again[0] < 24) {
                        again[0]++;
                        call.submit();
                    }
                }));
            }
            calls.forEach(Call::submit);
            for (int round = 0; round < 4; round++) {
                toy.machine().await("all taken", () -> held.size() == 8, Toy.LIMIT);
                long before = toy.frontend().queue(0).counters().notificationsSent();
                List<Request> all = List.copyOf(held);
                held.clear();
                all.forEach(Request::complete);
                toy.machine().run();
                toy.frontend().queue(0).poll();
                assertThat(toy.frontend().queue(0).counters().notificationsSent() - before)
                        .isLessThanOrEqualTo(1);
            }
            toy.machine().await("all done", () -> calls.stream().allMatch(Call::isDone), Toy.LIMIT);
            assertThat(again[0]).isEqualTo(24);
            assertThat(calls).allMatch(Call::succeeded);
        }
    }

    /** One callback takes the responses that another one waits for. */
    @Test
    void shouldLetACallbackTakeResponses() {
        Queue<Request> held = new ArrayDeque<>();
        try (Toy toy = new Toy(Ping.PROTOCOL, held::add).connect()) {
            Call second = call(toy).set(Ping.NUMBER, 2);
            List<String> story = new ArrayList<>();
            second.onComplete(_ -> story.add("second"));
            Call first = call(toy).set(Ping.NUMBER, 1).onComplete(_ -> {
                story.add("first finds the second done: " + second.poll());
            });
            first.submit();
            second.submit();
            toy.machine().await("both taken", () -> held.size() == 2, Toy.LIMIT);
            held.forEach(Request::complete);
            toy.machine().run();
            toy.frontend().queue(0).poll();
            assertThat(story).containsExactly("second", "first finds the second done: true");
        }
    }

    /** What one callback has submitted is not held up by another that throws. */
    @Test
    void shouldPublishWhatWasSubmittedThoughACallbackThrows() {
        Queue<Request> held = new ArrayDeque<>();
        try (Toy toy = new Toy(Ping.PROTOCOL, held::add).connect()) {
            int[] again = new int[1];
            Call first = call(toy).set(Ping.NUMBER, 1).onComplete(call -> {
                if (again[0]++ == 0) {
                    call.submit();
                }
            });
            Call second = call(toy).set(Ping.NUMBER, 2).onComplete(_ -> {
                throw new IllegalStateException("a callback at fault");
            });
            first.submit();
            second.submit();
            toy.machine().await("both taken", () -> held.size() == 2, Toy.LIMIT);
            held.remove().complete();
            held.remove().complete();
            assertThatThrownBy(() -> {
                        toy.machine().run();
                        toy.frontend().queue(0).poll();
                    })
                    .hasMessage("a callback at fault");
            toy.machine().await("the first again", () -> held.size() == 1, Toy.LIMIT);
            held.remove().complete();
            assertThat(toy.await(first).succeeded()).isTrue();
        }
    }
}
