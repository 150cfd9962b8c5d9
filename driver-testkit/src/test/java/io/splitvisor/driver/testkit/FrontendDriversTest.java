// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.driver.Protocol;
import io.splitvisor.driver.frontend.FrontendDriver;
import io.splitvisor.driver.frontend.FrontendDrivers;
import io.splitvisor.frontend.FrontendDomain;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FrontendDriversTest {
    private final Machine machine = new Machine(Order.inTurn());
    private final TestGuest guest = machine.newGuest(64);
    private final List<String> happened = new ArrayList<>();

    @AfterEach
    void close() {
        machine.close();
    }

    /** A driver that notes what it is asked, and does not want device 13. */
    private class Noting implements FrontendDriver {
        @Override
        public Protocol protocol() {
            return Ping.PROTOCOL;
        }

        @Override
        public AutoCloseable open(FrontendDomain domain, int devid) {
            if (devid == 13) {
                throw new IllegalStateException("not 13");
            }
            happened.add("open " + devid);
            return () -> {
                happened.add("close " + devid);
                if (devid == 2) {
                    throw new IOException("stuck");
                }
            };
        }
    }

    private void start(FrontendDriver... drivers) {
        FrontendDrivers.start(guest.newFrontend(), List.of(drivers), happened::add);
        machine.run();
    }

    private MockBackend attach(int devid) {
        var backend = new MockBackend(machine.newBackend(), guest, Ping.PROTOCOL, devid);
        backend.attach();
        machine.run();
        return backend;
    }

    @Test
    void shouldOpenAndCloseDevicesAsTheyComeAndGo() {
        attach(1);
        start(new Noting());
        MockBackend second = attach(2);
        second.detach();
        machine.run();
        attach(2);
        assertThat(happened)
                .containsExactly(
                        "open 1",
                        "open 2",
                        "close 2",
                        "device ping 2 was not closed well: java.io.IOException: stuck",
                        "open 2");
    }

    @Test
    void shouldGoOnWithoutADeviceThatItsDriverRefuses() {
        start(new Noting());
        MockBackend refused = attach(13);
        attach(14);
        refused.detach();
        machine.run();
        assertThat(happened)
                .containsExactly("device ping 13 is not used: java.lang.IllegalStateException: not 13", "open 14");
    }

    @Test
    void shouldUseOneOfTwoDriversAndNameBoth() {
        FrontendDriver other = new Noting() {
            @Override
            public AutoCloseable open(FrontendDomain domain, int devid) {
                throw new AssertionError("not this one");
            }
        };
        start(new Noting(), other);
        attach(0);
        assertThat(happened).hasSize(2).element(0).asString().startsWith("two drivers of type ping: ");
        assertThat(happened).element(1).isEqualTo("open 0");
    }

    @Test
    void shouldGoOnWithoutADriverThatHasNoProtocol() {
        FrontendDriver broken = new Noting() {
            @Override
            public Protocol protocol() {
                throw new IllegalStateException("no protocol");
            }
        };
        start(broken, new Noting());
        attach(0);
        assertThat(happened)
                .hasSize(2)
                .element(0)
                .asString()
                .endsWith("is not used: java.lang.IllegalStateException: no protocol");
        assertThat(happened).element(1).isEqualTo("open 0");
    }
}
