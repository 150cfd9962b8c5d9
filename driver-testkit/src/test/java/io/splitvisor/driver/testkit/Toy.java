// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import io.splitvisor.driver.Protocol;
import io.splitvisor.driver.backend.BackendDevice;
import io.splitvisor.driver.backend.BackendDevices;
import io.splitvisor.driver.backend.BackendDriver;
import io.splitvisor.driver.backend.DeviceConfig;
import io.splitvisor.driver.frontend.Call;
import io.splitvisor.driver.frontend.Frontend;
import io.splitvisor.driver.frontend.FrontendSettings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A front end and a back end on the kit in a machine, with a device that a test makes up. */
final class Toy implements AutoCloseable {
    static final Duration LIMIT = Duration.ofMinutes(2);

    private final Machine machine = new Machine(Order.inTurn());
    private final TestGuest guest = machine.newGuest(256);
    private final List<String> log = new ArrayList<>();
    private final BackendDevices devices;
    private final Protocol protocol;
    private Frontend frontend;

    /** Opens devices as the test says. */
    record Driver(Protocol protocol, BackendDevice device) implements BackendDriver {
        @Override
        public BackendDevice open(DeviceConfig config) {
            return device;
        }
    }

    Toy(Protocol protocol, BackendDevice device) {
        this.protocol = protocol;
        devices = new BackendDevices(machine.newBackend(), machine.store(), (_, line) -> log.add(line));
        devices.attach(new Driver(protocol, device), DeviceConfig.of(guest.domid(), 0, Map.of()));
    }

    /** Connects a front end. */
    Toy connect(FrontendSettings settings) {
        frontend = Frontend.open(guest.newFrontend(), protocol, 0, settings);
        machine.await("connected", frontend::isConnected, LIMIT);
        return this;
    }

    Toy connect() {
        return connect(new FrontendSettings());
    }

    Machine machine() {
        return machine;
    }

    TestGuest guest() {
        return guest;
    }

    BackendDevices devices() {
        return devices;
    }

    Frontend frontend() {
        return frontend;
    }

    /** Lines for {@code dmesg}. */
    List<String> log() {
        return log;
    }

    /** A call with a number, submitted. */
    Call call(long number) {
        return frontend.call()
                .set(Ping.OPERATION, Ping.ADD)
                .set(Ping.NUMBER, number)
                .submit();
    }

    /** Lets the machine run until a call is done. */
    Call await(Call call) {
        machine.await("done", call::poll, LIMIT);
        return call;
    }

    @Override
    public void close() {
        machine.close();
    }
}
