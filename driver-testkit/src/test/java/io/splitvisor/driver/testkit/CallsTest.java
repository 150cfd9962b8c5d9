// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.splitvisor.abi.io.XenbusState;
import io.splitvisor.driver.Protocol;
import io.splitvisor.driver.backend.BackendDevice;
import io.splitvisor.driver.backend.BackendDriver;
import io.splitvisor.driver.backend.DeviceConfig;
import io.splitvisor.driver.backend.DeviceException;
import io.splitvisor.driver.backend.Request;
import io.splitvisor.driver.frontend.Call;
import io.splitvisor.driver.frontend.CallException;
import io.splitvisor.driver.frontend.Frontend;
import io.splitvisor.driver.frontend.FrontendDevice;
import io.splitvisor.driver.frontend.FrontendHooks;
import io.splitvisor.driver.frontend.FrontendSettings;
import io.splitvisor.driver.frontend.RingCall.Outcome;
import io.splitvisor.xenbus.XenbusNode;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Calls, and what becomes of them when back ends come, go and change. */
class CallsTest {
    private final Deque<Request> held = new ArrayDeque<>();

    static BackendDevice adding(int more) {
        return request -> {
            request.set(Ping.RESULT, request.get(Ping.NUMBER) + more);
            request.complete();
        };
    }

    @Test
    void shouldTellFuturesAndCallbacks() {
        List<Long> told = new ArrayList<>();
        try (Toy toy = new Toy(Ping.PROTOCOL, adding(1)).connect()) {
            Call call = toy.frontend().call().set(Ping.NUMBER, 4).onComplete(done -> told.add(done.get(Ping.RESULT)));
            CompletableFuture<Call> future = call.submit().future();
            toy.await(call);
            assertThat(future).isCompletedWithValue(call);
            assertThat(call.future()).isCompletedWithValue(call);
            assertThat(told).containsExactly(5L);
        }
    }

    @Test
    void shouldSubmitFromACallback() {
        try (Toy toy = new Toy(Ping.PROTOCOL, adding(1)).connect()) {
            Call call = toy.frontend().call();
            call.onComplete(done -> {
                if (done.get(Ping.RESULT) < 10) {
                    done.set(Ping.NUMBER, done.get(Ping.RESULT)).submit();
                }
            });
            call.set(Ping.NUMBER, 1).submit();
            toy.machine().await("ten", () -> call.poll() && call.get(Ping.RESULT) == 10, Toy.LIMIT);
            assertThat(toy.frontend().counters().requests()).isEqualTo(9);
        }
    }

    @Test
    void shouldRefuseWhatTheLineHasNoRoomFor() {
        try (Toy toy = new Toy(Ping.PROTOCOL, held::add).connect(new FrontendSettings().lineLimit(5))) {
            int slots = Ping.PROTOCOL.slots(1);
            int accepted = 0;
            while (toy.frontend().call().trySubmit()) {
                accepted++;
                toy.machine().run();
            }
            assertThat(accepted).isEqualTo(slots + 5);
            for (int i = 0; i < accepted; i++) {
                toy.machine().await("another", () -> toy.frontend().queue(0).poll() >= 0 && !held.isEmpty(), Toy.LIMIT);
                held.remove().complete();
            }
        }
    }

    @Test
    void shouldReloadADriverWithCallsInFlight() {
        List<String> story = new ArrayList<>();
        FrontendHooks hooks = new FrontendHooks() {
            @Override
            public void connected(FrontendDevice frontend) {
                story.add("connected");
            }

            @Override
            public void disconnected(FrontendDevice frontend, String why) {
                story.add("disconnected");
            }
        };
        try (Toy toy = new Toy(Ping.PROTOCOL, adding(1)).connect(new FrontendSettings().hooks(hooks))) {
            assertThat(toy.await(toy.call(1)).get(Ping.RESULT)).isEqualTo(2);
            for (int turn = 2; turn < 12; turn++) {
                int more = turn;
                CompletableFuture<Void> done =
                        toy.devices().reload("ping", _ -> new Toy.Driver(Ping.PROTOCOL, adding(more)));
                List<Call> calls = new ArrayList<>();
                for (int i = 0; i < 100; i++) {
                    calls.add(toy.call(i));
                    toy.machine().step();
                }
                for (int i = 0; i < 100; i++) {
                    assertThat(toy.await(calls.get(i)).get(Ping.RESULT)).isIn((long) i + more - 1, (long) i + more);
                }
                toy.machine().await("reloaded", done::isDone, Toy.LIMIT);
                assertThat(toy.await(toy.call(1)).get(Ping.RESULT)).isEqualTo(1 + more);
            }
            assertThat(story).hasSize(21);
        }
    }

    @Test
    void shouldGoOnWithTheOldDriverIfTheNewOneCannotOpenTheDevice() {
        BackendDriver broken = new BackendDriver() {
            @Override
            public Protocol protocol() {
                return Ping.PROTOCOL;
            }

            @Override
            public BackendDevice open(DeviceConfig config) {
                throw new DeviceException("there is no such file");
            }
        };
        try (Toy toy = new Toy(Ping.PROTOCOL, adding(1)).connect()) {
            CompletableFuture<Void> done = toy.devices().reload("ping", _ -> broken);
            toy.machine().await("given up", done::isDone, Toy.LIMIT);
            assertThatThrownBy(done::join)
                    .hasCauseInstanceOf(DeviceException.class)
                    .hasMessageContaining("no such file");
            assertThat(toy.await(toy.call(1)).get(Ping.RESULT)).isEqualTo(2);
        }
    }

    @Test
    void shouldReloadThoughTheFrontEndDoesNotAnswer() {
        try (Toy toy = new Toy(Ping.PROTOCOL, adding(1))) {
            MockFrontend front = new MockFrontend(toy.guest(), Ping.PROTOCOL, 0);
            front.offer();
            toy.machine().run();
            CompletableFuture<Void> done = toy.devices().reopen("ping");
            toy.machine().await("reloaded", done::isDone, Toy.LIMIT);
            assertThat(toy.devices().list(toy.guest().domid()).getFirst().backend())
                    .isEqualTo(XenbusState.INIT_WAIT);
            assertThat(toy.guest().domain().grants().inUse()).isZero();
        }
    }

    @Test
    void shouldOfferItsRingsAnewAfterTheDomainWasSuspended() {
        try (Toy toy = new Toy(Ping.PROTOCOL, held::add).connect()) {
            Call call = toy.call(3);
            toy.machine().run();
            toy.guest().resume();
            toy.machine().run();
            held.remove().complete();
            toy.machine().await("made again", () -> !held.isEmpty(), Toy.LIMIT);
            Request again = held.remove();
            again.set(Ping.RESULT, 44);
            again.complete();
            assertThat(toy.await(call).get(Ping.RESULT)).isEqualTo(44);
        }
    }

    @Test
    void shouldNotMakeRequestsAgainWhereTheProtocolSaysSo() {
        Protocol once = Protocol.of("once")
                .request(Ping.REQUEST)
                .response(Ping.RESPONSE)
                .id(Ping.ID, Ping.RESPONSE_ID)
                .notReplayed()
                .build();
        try (Toy toy = new Toy(once, held::add).connect()) {
            Call call = toy.call(3);
            toy.machine().run();
            toy.guest().resume();
            toy.await(call);
            assertThat(call.outcome()).isEqualTo(Outcome.LOST);
            held.remove().complete();
            toy.machine().await("connected", toy.frontend()::isConnected, Toy.LIMIT);
        }
    }

    @Test
    void shouldNotSpeakToAnotherVersion() {
        try (Toy toy = new Toy(Ping.PROTOCOL, adding(1))) {
            String folder = "/local/domain/" + toy.guest().domid() + "/device/ping/0";
            MockFrontend front = new MockFrontend(toy.guest(), Ping.PROTOCOL, 0);
            front.offer();
            new XenbusNode(toy.machine().store(), folder).write("version", 2);
            toy.machine().run();
            assertThat(toy.devices().list(toy.guest().domid()).getFirst().error())
                    .isEqualTo("-22 the front end speaks ping version 2, and this end version 1");
        }
    }

    /** The guest is told why, and so is whoever asks why it is stuck. */
    @Test
    void shouldSayThatTheBackEndSpeaksAnotherVersion() {
        Protocol newer = Protocol.of("ping")
                .version(2)
                .request(Ping.REQUEST)
                .response(Ping.RESPONSE)
                .id(Ping.ID, Ping.RESPONSE_ID)
                .build();
        try (Toy toy = new Toy(Ping.PROTOCOL, adding(1))) {
            Frontend frontend = Frontend.open(toy.guest().newFrontend(), newer, 0, new FrontendSettings());
            toy.machine().run();
            assertThatThrownBy(() -> frontend.awaitConnected(Duration.ZERO))
                    .isInstanceOf(CallException.class)
                    .hasMessage("ping 0 is gone: the back end does not speak ping version 2");
            assertThat(toy.devices().list(toy.guest().domid()).getFirst().frontendError())
                    .isEqualTo("-22 the back end does not speak ping version 2");
        }
    }
}
