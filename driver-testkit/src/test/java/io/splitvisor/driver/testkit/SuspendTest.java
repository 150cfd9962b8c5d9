// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.driver.backend.Request;
import io.splitvisor.driver.frontend.Call;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** A front end of a domain that is suspended and resumed. */
class SuspendTest {
    @Test
    void shouldComeToRestAndConnectAnew() {
        try (Toy toy = new Toy(Ping.PROTOCOL, CallsTest.adding(1)).connect()) {
            int ref = ringRef(toy);
            List<Call> calls = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                calls.add(toy.call(i));
            }
            CompletableFuture<Void> rest = toy.guest().suspend();
            toy.machine().await("at rest", rest::isDone, Toy.LIMIT);
            assertThat(calls).allMatch(Call::isDone);
            Call late = toy.call(99);
            toy.machine().run();
            assertThat(late.isDone()).isFalse();
            toy.devices().domainResumes(toy.guest().domid());
            toy.machine().run();
            assertThat(toy.guest().domain().grants().inUse())
                    .as("the back end has unmapped")
                    .isZero();
            toy.guest().resume();
            assertThat(toy.await(late).get(Ping.RESULT)).isEqualTo(100);
            assertThat(ringRef(toy)).as("a fresh grant").isNotEqualTo(ref);
        }
    }

    private static int ringRef(Toy toy) {
        return Integer.parseInt(
                toy.machine().store().read("/local/domain/" + toy.guest().domid() + "/device/ping/0/ring-ref"));
    }

    /** A back end that takes its time: what it has not answered by then is done again. */
    @Test
    void shouldDoAgainWhatWasNotAnsweredInTime() {
        Queue<Request> held = new ArrayDeque<>();
        boolean[] hold = {true};
        try (Toy toy = new Toy(Ping.PROTOCOL, request -> {
                    if (hold[0]) {
                        held.add(request);
                    } else {
                        CallsTest.adding(2).request(request);
                    }
                })
                .connect()) {
            Call call = toy.call(5);
            toy.machine().await("taken", () -> !held.isEmpty(), Toy.LIMIT);
            CompletableFuture<Void> rest = toy.guest().suspend();
            toy.machine().advance(Duration.ofSeconds(6));
            assertThat(rest).isDone();
            hold[0] = false;
            toy.devices().domainResumes(toy.guest().domid());
            toy.guest().resume();
            toy.machine().run();
            held.remove().complete();
            assertThat(toy.await(call).get(Ping.RESULT)).isEqualTo(7);
        }
    }

    @Test
    void shouldResumeWhileItsBackEndIsGone() {
        try (Toy toy = new Toy(Ping.PROTOCOL, CallsTest.adding(1)).connect()) {
            CompletableFuture<Void> rest = toy.guest().suspend();
            toy.machine().await("at rest", rest::isDone, Toy.LIMIT);
            CompletableFuture<Void> detached =
                    toy.devices().detach("ping", toy.guest().domid(), 0, true);
            toy.machine().await("detached", detached::isDone, Toy.LIMIT);
            toy.guest().resume();
            toy.machine().await("gone", () -> !toy.frontend().isConnected(), Toy.LIMIT);
            Call call = toy.call(1);
            toy.machine().await("failed", call::isDone, Toy.LIMIT);
            assertThat(call.succeeded()).isFalse();
            assertThat(toy.machine()
                            .store()
                            .exists("/local/domain/0/backend/ping/"
                                    + toy.guest().domid()))
                    .isFalse();
        }
    }
}
