// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.io.XenbusState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MachineTest {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    private static MockFrontend connect(Machine machine, Responder responder) {
        TestGuest guest = machine.newGuest(64);
        MockBackend back = new MockBackend(machine.newBackend(), guest, Ping.PROTOCOL, 0);
        back.attach();
        MockFrontend front = new MockFrontend(guest, Ping.PROTOCOL, 0);
        front.offer();
        machine.run();
        back.connect();
        machine.run();
        front.state(XenbusState.CONNECTED);
        back.serve(responder);
        machine.run();
        return front;
    }

    private static void addOne(Message request, Message response) {
        response.set(Ping.RESULT, request.get(Ping.NUMBER) + 1);
    }

    private static List<Long> exchange(Machine machine, MockFrontend front) {
        List<Long> results = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            front.put(front.request(Ping.ADD).set(Ping.NUMBER, i));
            front.push();
            front.arm();
            machine.run();
            for (Message response = front.response(); response != null; response = front.response()) {
                results.add(response.get(Ping.RESULT));
            }
        }
        return results;
    }

    private static List<String> trace(Order order, FaultPlan plan) {
        try (Machine machine = new Machine(order, plan)) {
            exchange(machine, connect(machine, MachineTest::addOne));
            return machine.trace();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9})
    void shouldTakeTheSameStepsForTheSameSeedAndPlan(long seed) {
        FaultPlan plan = FaultPlan.parse("delay notification 2 to front by 7; duplicate notification 3 to back");
        List<String> first = trace(Order.seeded(seed), plan);
        assertThat(first).hasSizeGreaterThan(20);
        assertThat(trace(Order.seeded(seed), plan)).isEqualTo(first);
        Order order = Order.seeded(seed);
        trace(order, plan);
        assertThat(trace(Order.replay(order.choices()), plan)).isEqualTo(first);
    }

    @Test
    void shouldCarryRequestsBetweenMockPeers() {
        try (Machine machine = new Machine(Order.inTurn())) {
            MockFrontend front = connect(machine, MachineTest::addOne);
            assertThat(exchange(machine, front)).containsExactly(1L, 2L, 3L, 4L, 5L);
            assertThat(front.events()).isPositive();
            // What was written between two steps is seen as one.
            assertThat(machine.states())
                    .containsExactlyInAnyOrder(
                            "front INITIALISED", "back INIT_WAIT", "back CONNECTED", "front CONNECTED")
                    .endsWith("back CONNECTED", "front CONNECTED");
        }
    }

    @Test
    void shouldDropANotificationForWhichNobodyAsksAgain() {
        try (Machine machine = new Machine(Order.inTurn(), FaultPlan.parse("drop notification 3 to back"))) {
            MockFrontend front = connect(machine, MachineTest::addOne);
            assertThat(exchange(machine, front)).containsExactly(1L, 2L);
            assertThat(machine.faultsLeft()).isEmpty();
            machine.poke();
            machine.run();
            assertThat(front.ring().unconsumedResponses()).isEqualTo(3);
        }
    }

    @Test
    void shouldTearAnIndex() {
        try (Machine machine = new Machine(Order.inTurn(), FaultPlan.parse("tear notification 1 to back"))) {
            MockFrontend front = connect(machine, MachineTest::addOne);
            front.put(front.request(Ping.ADD));
            front.push();
            machine.run();
            assertThat(machine.describe()).contains("tear notification 1 to back");
            assertThat(front.ring().unconsumedResponses()).isZero();
        }
    }

    @Test
    void shouldNotMapAGrantThatWasRevoked() {
        try (Machine machine = new Machine(Order.inTurn(), FaultPlan.parse("revoke grant 2"))) {
            List<Integer> mapped = new ArrayList<>();
            TestGuest guest = machine.newGuest(64);
            MockBackend back = new MockBackend(machine.newBackend(), guest, Ping.PROTOCOL, 0);
            back.attach();
            MockFrontend front = new MockFrontend(guest, Ping.PROTOCOL, 0);
            front.offer();
            back.connect();
            for (int i = 0; i < 3; i++) {
                mapped.add(back.mappings().map(front.page().ref(), true));
            }
            assertThat(mapped).element(0).satisfies(status -> assertThat(status).isNegative());
            assertThat(mapped.subList(1, 3))
                    .allSatisfy(handle -> assertThat(handle).isNotNegative());
        }
    }

    @Test
    void shouldLetTimePassOnlyWhenNothingElseIsToBeDone() {
        try (Machine machine = new Machine(Order.inTurn())) {
            List<String> done = new ArrayList<>();
            var control = machine.newBackend().control("test");
            control.schedule(() -> done.add("later " + machine.now().toSeconds()), Duration.ofSeconds(5));
            control.execute(() -> done.add("now " + machine.now().toSeconds()));
            machine.run();
            assertThat(done).containsExactly("now 0");
            assertThat(machine.runUntil(() -> done.size() == 2, Duration.ofSeconds(4)))
                    .isFalse();
            machine.await("the second", () -> done.size() == 2, Duration.ofSeconds(2));
            assertThat(done).containsExactly("now 0", "later 5");
        }
    }

    @Test
    void shouldMakeEverythingOfASlowEndLate() {
        try (Machine machine = new Machine(Order.inTurn(), FaultPlan.parse("slow back by PT2S"))) {
            MockFrontend front = connect(machine, MachineTest::addOne);
            front.put(front.request(Ping.ADD));
            front.push();
            machine.run();
            assertThat(front.ring().unconsumedResponses()).isZero();
            machine.await("answer", () -> front.ring().unconsumedResponses() == 1, LIMIT);
            assertThat(machine.now()).isBetween(Duration.ofSeconds(2), Duration.ofSeconds(9));
        }
    }

    @Test
    void shouldForgetWhatADeadEndHadMapped() {
        try (Machine machine = new Machine(Order.inTurn())) {
            TestGuest guest = machine.newGuest(64);
            TestBackendDomain dom0 = machine.newBackend();
            MockBackend back = new MockBackend(dom0, guest, Ping.PROTOCOL, 0);
            back.attach();
            MockFrontend front = new MockFrontend(guest, Ping.PROTOCOL, 0);
            front.offer();
            back.connect();
            assertThat(guest.grants().inUse(front.ringRef())).isTrue();
            machine.kill(dom0);
            assertThat(guest.grants().inUse(front.ringRef())).isFalse();
            assertThat(front.peerState()).isEqualTo(XenbusState.CONNECTED);
        }
    }
}
