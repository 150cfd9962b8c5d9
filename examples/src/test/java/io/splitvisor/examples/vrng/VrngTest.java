// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.vrng;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.splitvisor.abi.io.XenbusState;
import io.splitvisor.driver.backend.DeviceConfig;
import io.splitvisor.driver.backend.DeviceException;
import io.splitvisor.driver.testkit.BackendUnderTest;
import io.splitvisor.driver.testkit.Machine;
import io.splitvisor.driver.testkit.Message;
import io.splitvisor.driver.testkit.MockFrontend;
import io.splitvisor.driver.testkit.MockPage;
import io.splitvisor.driver.testkit.SteppedTest;
import io.splitvisor.driver.testkit.TestBackendDomain;
import io.splitvisor.driver.testkit.TestGuest;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VrngTest {
    private static final Duration LIMIT = Duration.ofMinutes(5);

    private static List<MockFrontend> connect(Machine machine, TestGuest guest, int devices, String rate) {
        TestBackendDomain dom0 = machine.newBackend();
        VrngBackend driver = new VrngBackend(() -> dom0.control("vrng"));
        List<MockFrontend> fronts = new ArrayList<>();
        for (int devid = 0; devid < devices; devid++) {
            BackendUnderTest.of(driver, Map.of("rate", rate), (_, _) -> {}).attach(dom0, guest.domid(), devid);
            MockFrontend front = new MockFrontend(guest, Vrng.PROTOCOL, devid);
            front.offer();
            machine.await("connected", () -> front.peerState() == XenbusState.CONNECTED, LIMIT);
            front.state(XenbusState.CONNECTED);
            fronts.add(front);
        }
        return fronts;
    }

    private static Message ask(Machine machine, MockFrontend front, MockPage page, int length) {
        front.put(front.request().set(Vrng.PAGE, page.ref()).set(Vrng.LENGTH, length));
        front.push();
        front.arm();
        machine.await("an answer", () -> front.ring().unconsumedResponses() > 0, LIMIT);
        return front.response();
    }

    @SteppedTest
    void shouldFillAsMuchAsWasAskedForAndNoMore(Machine machine) {
        MockFrontend front =
                connect(machine, machine.newGuest(64), 1, "1048576").getFirst();
        MockPage page = front.page();
        assertEquals(0, ask(machine, front, page, 1000).get(Vrng.STATUS));
        long[] first = page.segment().asSlice(0, 1000).toArray(ValueLayout.JAVA_LONG);
        assertEquals(
                0, page.segment().asSlice(1000).mismatch(front.page().segment().asSlice(1000)) + 1);
        assertEquals(0, ask(machine, front, page, 1000).get(Vrng.STATUS));
        long[] second = page.segment().asSlice(0, 1000).toArray(ValueLayout.JAVA_LONG);
        for (int i = 0; i < first.length; i++) {
            assertNotEquals(first[i], second[i]);
        }
    }

    @SteppedTest(orders = 5)
    void shouldKeepADomainToItsRate(Machine machine) {
        MockFrontend front = connect(machine, machine.newGuest(64), 1, "4096").getFirst();
        MockPage page = front.page();
        Duration start = machine.now();
        for (int i = 0; i < 11; i++) {
            assertEquals(0, ask(machine, front, page, 4096).get(Vrng.STATUS));
        }
        // The first is what had been saved up.
        Duration took = machine.now().minus(start);
        assertTrue(
                took.compareTo(Duration.ofMillis(9_990)) > 0 && took.compareTo(Duration.ofMillis(10_500)) < 0,
                () -> "took " + took);
    }

    @SteppedTest(orders = 5)
    void shouldCountAllDevicesOfADomain(Machine machine) {
        List<MockFrontend> fronts = connect(machine, machine.newGuest(64), 2, "4096");
        Duration start = machine.now();
        for (int i = 0; i < 6; i++) {
            for (MockFrontend front : fronts) {
                assertEquals(0, ask(machine, front, front.shared(), 4096).get(Vrng.STATUS));
            }
        }
        assertTrue(machine.now().minus(start).compareTo(Duration.ofMillis(10_900)) > 0);
    }

    @SteppedTest
    void shouldRefuseMoreThanAPageAndNothing(Machine machine) {
        MockFrontend front =
                connect(machine, machine.newGuest(64), 1, "1048576").getFirst();
        assertEquals(-5, ask(machine, front, front.page(), 4097).get(Vrng.STATUS));
        assertEquals(-5, ask(machine, front, front.page(), 0).get(Vrng.STATUS));
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "-1", "much", "99999999999999999999"})
    void shouldRefuseARateThatIsNone(String rate) {
        DeviceConfig config = DeviceConfig.of(1, 0, Map.of("rate", rate));
        assertTrue(assertThrows(DeviceException.class, () -> new VrngBackend().open(config))
                .getMessage()
                .contains(rate));
    }

    @Test
    void shouldServeLargeRequestsAfterTheirTurn() {
        TokenBucket bucket = new TokenBucket(100, 100, 0);
        assertEquals(0, bucket.take(100, 0));
        assertEquals(1_000_000_000L, bucket.take(100, 0));
        assertEquals(2_000_000_000L, bucket.take(100, 0));
        assertEquals(1_000_000_000L, bucket.take(0, 1_000_000_000L));
        assertEquals(0, bucket.take(0, 2_000_000_000L));
    }
}
