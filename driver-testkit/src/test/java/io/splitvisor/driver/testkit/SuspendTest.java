// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.driver.backend.Request;
import io.splitvisor.driver.frontend.Call;
import io.splitvisor.driver.frontend.FrontendDevice;
import io.splitvisor.driver.frontend.FrontendHooks;
import io.splitvisor.driver.frontend.FrontendSettings;
import io.splitvisor.driver.frontend.RingCall;
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
        int[] connections = new int[1];
        FrontendHooks hooks = new FrontendHooks() {
            @Override
            public void connected(FrontendDevice frontend) {
                connections[0]++;
            }
        };
        try (Toy toy = new Toy(Ping.PROTOCOL, CallsTest.adding(1)).connect(new FrontendSettings().hooks(hooks))) {
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
            toy.guest().resume();
            assertThat(toy.await(late).get(Ping.RESULT)).isEqualTo(100);
            assertThat(connections[0]).isGreaterThan(1);
        }
    }

    /** As after {@code splitvisor resume}: the same rings, and what was called meanwhile goes into them. */
    @Test
    void shouldGoOnWithTheConnectionThatItHasWhenTheSuspensionIsCancelled() {
        int[] connections = new int[1];
        FrontendHooks hooks = new FrontendHooks() {
            @Override
            public void connected(FrontendDevice frontend) {
                connections[0]++;
            }
        };
        try (Toy toy = new Toy(Ping.PROTOCOL, CallsTest.adding(1)).connect(new FrontendSettings().hooks(hooks))) {
            for (int i = 0; i < 5; i++) {
                CompletableFuture<Void> rest = toy.guest().suspend();
                toy.machine().await("at rest", rest::isDone, Toy.LIMIT);
                Call late = toy.call(i);
                toy.machine().run();
                assertThat(late.isDone()).isFalse();
                toy.guest().cancelSuspend();
                assertThat(toy.await(late).get(Ping.RESULT)).isEqualTo(i + 1);
            }
            assertThat(connections[0]).isEqualTo(1);
        }
    }

    /** The back end takes long, so the domain is not at rest when it goes on; and the wait for that is over. */
    @Test
    void shouldGoOnBeforeItHasComeToRest() {
        Queue<Request> held = new ArrayDeque<>();
        try (Toy toy = new Toy(Ping.PROTOCOL, held::add).connect()) {
            Call first = toy.call(1);
            toy.machine().await("taken", () -> !held.isEmpty(), Toy.LIMIT);
            toy.guest().suspend();
            toy.machine().run();
            toy.guest().cancelSuspend();
            Call second = toy.call(2);
            toy.machine().await("taken, too", () -> held.size() == 2, Toy.LIMIT);
            held.forEach(Request::complete);
            toy.await(first);
            toy.await(second);
            toy.machine().advance(Duration.ofSeconds(6));
            assertThat(toy.frontend().isConnected()).isTrue();
            Call third = toy.call(3);
            toy.machine().await("and a third", () -> held.size() == 3, Toy.LIMIT);
            held.stream().skip(2).forEach(Request::complete);
            assertThat(toy.await(third).succeeded()).isTrue();
        }
    }

    /** The back end closed while the domain stood still, and is not forgotten over that. */
    @Test
    void shouldFollowABackEndThatClosedMeanwhile() {
        try (Toy toy = new Toy(Ping.PROTOCOL, CallsTest.adding(1)).connect()) {
            CompletableFuture<Void> rest = toy.guest().suspend();
            CompletableFuture<Void> detached =
                    toy.devices().detach("ping", toy.guest().domid(), 0, false);
            toy.machine().await("at rest", rest::isDone, Toy.LIMIT);
            toy.guest().cancelSuspend();
            toy.machine().await("detached", detached::isDone, Toy.LIMIT);
            Call call = toy.call(1);
            toy.machine().await("failed", call::isDone, Toy.LIMIT);
            assertThat(call.outcome()).isEqualTo(RingCall.Outcome.GONE);
        }
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
