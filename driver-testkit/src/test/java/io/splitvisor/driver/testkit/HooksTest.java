// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.io.XenbusState;
import io.splitvisor.driver.backend.BackendDevice;
import io.splitvisor.driver.backend.Connection;
import io.splitvisor.driver.backend.DeviceStatus;
import io.splitvisor.driver.backend.Request;
import io.splitvisor.driver.frontend.Call;
import io.splitvisor.driver.frontend.CallException;
import io.splitvisor.driver.frontend.Frontend;
import io.splitvisor.driver.frontend.FrontendSettings;
import io.splitvisor.driver.frontend.RingCall;
import io.splitvisor.xenbus.Wait;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of a back end's hooks, whatever they do. */
class HooksTest {
    private final List<String> seen = new ArrayList<>();

    private static void answer(Request request) {
        request.set(Ping.RESULT, request.get(Ping.NUMBER) + 1);
        request.complete();
    }

    /** A device that notes its hooks and answers, unless told otherwise. */
    private class Device implements BackendDevice {
        @Override
        public void connect(Connection connection) {
            seen.add("connect " + connection.queues() + " "
                    + connection.features().has(Ping.LOUD));
        }

        @Override
        public void request(Request request) {
            seen.add("request " + request.get(Ping.NUMBER));
            answer(request);
        }

        @Override
        public void batchEnd() {
            seen.add("end");
        }

        @Override
        public void disconnect(Connection connection, String why) {
            seen.add("disconnect");
        }

        @Override
        public void close() {
            seen.add("close");
        }
    }

    @Test
    void shouldCallTheHooksInOrder() {
        try (Toy toy = new Toy(Ping.PROTOCOL, new Device()).connect()) {
            assertThat(toy.await(toy.call(1)).get(Ping.RESULT)).isEqualTo(2);
            toy.frontend().closeSoon(Toy.LIMIT);
            toy.machine().run();
            toy.devices().detach("ping", toy.guest().domid(), 0, true);
            toy.machine().run();
        }
        assertThat(seen).containsExactly("connect 1 true", "request 1", "end", "disconnect", "close");
    }

    @ParameterizedTest
    @ValueSource(strings = {"connect", "prepare", "request", "resumed", "batchEnd", "disconnect"})
    void shouldCostItsDeviceOnlyWhenAHookThrows(String hook) {
        BackendDevice rogue = new Device() {
            private void fail(String here) {
                if (here.equals(hook)) {
                    throw new IllegalStateException("boom in " + here);
                }
            }

            @Override
            public void connect(Connection connection) {
                fail("connect");
            }

            @Override
            public void prepare(Request request) {
                fail("prepare");
            }

            @Override
            public void request(Request request) {
                fail("request");
                request.resume();
            }

            @Override
            public void resumed(Request request) {
                fail("resumed");
                answer(request);
            }

            @Override
            public void batchEnd() {
                fail("batchEnd");
            }

            @Override
            public void disconnect(Connection connection, String why) {
                fail("disconnect");
            }
        };
        try (Toy toy = new Toy(Ping.PROTOCOL, rogue);
                Toy other = new Toy(Ping.PROTOCOL, new Device()).connect()) {
            Frontend frontend = Frontend.open(toy.guest().newFrontend(), Ping.PROTOCOL, 0, new FrontendSettings());
            Call call = frontend.call().set(Ping.OPERATION, Ping.ADD).submit();
            toy.machine().runUntil(call::poll, Toy.LIMIT);
            toy.devices().detach("ping", toy.guest().domid(), 0, false);
            toy.machine().runUntil(() -> !toy.devices().has("ping", toy.guest().domid(), 0), Toy.LIMIT);
            assertThat(toy.devices().has("ping", toy.guest().domid(), 0)).isFalse();
            assertThat(toy.log()).anyMatch(line -> line.contains("boom in " + hook));
            assertThat(call.isDone()).isTrue();
            assertThat(toy.guest().domain().grants().inUse()).isZero();
            assertThat(other.await(other.call(1)).succeeded()).isTrue();
        }
    }

    @Test
    void shouldBringRequestsBackThatAreResumed() {
        BackendDevice device = new BackendDevice() {
            @Override
            public void request(Request request) {
                seen.add("request");
                request.resume();
            }

            @Override
            public void resumed(Request request) {
                seen.add("resumed");
                answer(request);
            }
        };
        try (Toy toy = new Toy(Ping.PROTOCOL, device).connect()) {
            assertThat(toy.await(toy.call(7)).get(Ping.RESULT)).isEqualTo(8);
        }
        assertThat(seen).containsExactly("request", "resumed");
    }

    @Test
    void shouldLeaveARequestAloneThatWantsToBe() {
        Deque<Request> held = new ArrayDeque<>();
        BackendDevice device = request -> {
            long number = request.get(Ping.NUMBER);
            if (number == 2 && !request.exclusive()) {
                seen.add("wait");
                return;
            }
            seen.add("request " + number);
            held.add(request);
        };
        try (Toy toy = new Toy(Ping.PROTOCOL, device).connect()) {
            List<Call> calls = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                calls.add(toy.call(i));
            }
            toy.machine().run();
            assertThat(seen).containsExactly("request 0", "request 1", "wait");
            answer(held.remove());
            toy.machine().run();
            assertThat(held).hasSize(1);
            answer(held.remove());
            toy.machine().run();
            assertThat(seen).containsExactly("request 0", "request 1", "wait", "request 2");
            answer(held.remove());
            toy.machine().run();
            assertThat(seen).endsWith("request 3");
            answer(held.remove());
            calls.forEach(call -> assertThat(toy.await(call).succeeded()).isTrue());
        }
    }

    @Test
    void shouldAnswerWithAnErrorWhatNamesAPageThatCannotBeMapped() {
        BackendDevice device = request -> {
            request.page(Ping.PAGE).segment().fill((byte) 1);
            request.complete();
        };
        try (Toy toy = new Toy(Ping.PROTOCOL, device).connect()) {
            Call call = toy.await(toy.call(1));
            assertThat(call.outcome()).isEqualTo(RingCall.Outcome.ANSWERED);
            assertThat(call.succeeded()).isFalse();
            assertThat(call.get(Ping.STATUS)).isEqualTo(-1);
            assertThat(toy.frontend().isConnected()).isTrue();
        }
    }

    @Test
    void shouldSayWhichEndWaitsForADriverThatNeverAnswers() {
        Deque<Request> held = new ArrayDeque<>();
        try (Toy toy = new Toy(Ping.PROTOCOL, held::add).connect()) {
            Call call = toy.call(1);
            toy.machine().run();
            assertThat(status(toy).inFlight()).isEqualTo(1);
            toy.frontend().closeSoon(Duration.ofSeconds(3));
            toy.machine().advance(Duration.ofSeconds(10));
            assertThat(status(toy).backendWait().map(Wait::what))
                    .hasValue("the driver to complete the requests in flight");
            toy.machine().advance(Duration.ofSeconds(60));
            // The front end need not wait for ever; but its pages are the driver's until it is done.
            assertThat(status(toy).backend()).isEqualTo(XenbusState.CLOSED);
            assertThat(toy.guest().domain().grants().inUse()).isPositive();
            assertThat(call.outcome()).isEqualTo(RingCall.Outcome.GONE);
            answer(held.remove());
            toy.machine().run();
            assertThat(toy.guest().domain().grants().inUse()).isZero();
        }
    }

    private static DeviceStatus status(Toy toy) {
        return toy.devices().list(toy.guest().domid()).getFirst();
    }

    @Test
    void shouldSayWhyACallFailed() {
        BackendDevice device = request -> {
            if (request.get(Ping.NUMBER) == 0) {
                request.unsupported();
            } else {
                request.fail();
            }
        };
        try (Toy toy = new Toy(Ping.PROTOCOL, device).connect()) {
            assertThat(failure(toy.await(toy.call(0)))).isEqualTo(CallException.Kind.UNSUPPORTED);
            assertThat(failure(toy.await(toy.call(1)))).isEqualTo(CallException.Kind.FAILED);
            Call unknown = toy.frontend().call().set(Ping.OPERATION, 77).submit();
            assertThat(failure(toy.await(unknown))).isEqualTo(CallException.Kind.UNSUPPORTED);
            assertThat(status(toy).counters().failed()).isEqualTo(3);
        }
    }

    private static CallException.Kind failure(Call call) {
        try {
            call.await();
        } catch (CallException e) {
            return e.kind();
        }
        throw new AssertionError("it succeeded");
    }
}
