// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.vecho;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.splitvisor.abi.io.XenbusState;
import io.splitvisor.driver.testkit.BackendUnderTest;
import io.splitvisor.driver.testkit.Machine;
import io.splitvisor.driver.testkit.MockFrontend;
import io.splitvisor.driver.testkit.SteppedTest;
import io.splitvisor.driver.testkit.TestGuest;
import java.time.Duration;
import java.util.Map;

/** The same in twenty orders: what can happen next, happens now or later. */
class VechoSteppedTest {
    @SteppedTest(orders = 20)
    void shouldAnswer(Machine machine) {
        TestGuest guest = machine.newGuest(64); // pages of memory
        BackendUnderTest.of(new VechoBackend(), Map.of(), (_, _) -> {}).attach(machine.newBackend(), guest.domid(), 0);
        MockFrontend front = new MockFrontend(guest, Vecho.PROTOCOL, 0);
        front.offer();
        machine.await("connected", () -> front.peerState() == XenbusState.CONNECTED, Duration.ofSeconds(5));
        front.put(front.request().set(Vecho.PAGE, front.page().ref()).set(Vecho.LENGTH, 5));
        front.push();
        front.arm();
        machine.run();
        assertEquals(0, front.response().get(Vecho.STATUS));
    }
}
