// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.vecho;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.splitvisor.abi.io.XenbusState;
import io.splitvisor.driver.testkit.BackendUnderTest;
import io.splitvisor.driver.testkit.Machine;
import io.splitvisor.driver.testkit.Message;
import io.splitvisor.driver.testkit.MockFrontend;
import io.splitvisor.driver.testkit.MockPage;
import io.splitvisor.driver.testkit.Order;
import io.splitvisor.driver.testkit.TestGuest;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the device does, request by request: a machine in this process, without processes, threads or time. */
class VechoTest {
    private final Machine machine = new Machine(Order.inTurn());
    private MockFrontend front;
    private MockPage page;

    @BeforeEach
    void connect() {
        TestGuest guest = machine.newGuest(64);
        BackendUnderTest.of(new VechoBackend(), Map.of(), (_, _) -> {}).attach(machine.newBackend(), guest.domid(), 0);
        front = new MockFrontend(guest, Vecho.PROTOCOL, 0);
        front.offer();
        machine.run();
        front.state(XenbusState.CONNECTED);
        machine.run();
        page = front.page();
    }

    @AfterEach
    void close() {
        machine.close();
    }

    private Message echo(int length) {
        front.put(front.request().set(Vecho.PAGE, page.ref()).set(Vecho.LENGTH, length));
        front.push();
        front.arm();
        machine.run();
        return front.response();
    }

    @Test
    void shouldMakeLettersCapitalAndCountThem() {
        byte[] text = "hello, World".getBytes(US_ASCII);
        MemorySegment.copy(MemorySegment.ofArray(text), 0, page.segment(), 0, text.length);
        Message response = echo(text.length);
        assertEquals(0, response.get(Vecho.STATUS));
        assertEquals(9, response.get(Vecho.CHANGED));
        assertEquals("HELLO, WORLD", page.segment().getString(0, US_ASCII));
    }

    @Test
    void shouldRefuseMoreThanAPage() {
        assertEquals(0, echo(4096).get(Vecho.STATUS));
        assertEquals(-5, echo(4097).get(Vecho.STATUS));
    }
}
