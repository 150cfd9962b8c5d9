// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.splitvisor.abi.io.XenbusState;
import io.splitvisor.driver.Protocol;
import io.splitvisor.driver.backend.BackendDevice;
import io.splitvisor.driver.backend.BackendDevices;
import io.splitvisor.driver.backend.BackendDriver;
import io.splitvisor.driver.backend.Connection;
import io.splitvisor.driver.backend.DeviceConfig;
import io.splitvisor.driver.backend.Offer;
import io.splitvisor.driver.backend.Request;
import io.splitvisor.driver.backend.Threads;
import io.splitvisor.xenbus.TimeLimits;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Hooks that throw or never return: a failing hook costs its device, not the domain's others, not Dom0. */
class HookFaultsTest {
    private static final Duration LIMIT = Duration.ofMinutes(5);

    private final Machine machine = new Machine(Order.inTurn());
    private final TestBackendDomain dom0 = machine.newBackend();
    private final List<String> log = new CopyOnWriteArrayList<>();
    private final BackendDevices devices = new BackendDevices(
            dom0,
            dom0.store(),
            (_, line) -> log.add(line),
            new TimeLimits(
                    Duration.ofSeconds(30),
                    Duration.ofSeconds(30),
                    Duration.ofSeconds(30),
                    Duration.ofMillis(200),
                    Duration.ofMinutes(10)));
    private final TestGuest guest = machine.newGuest(256);

    @AfterEach
    void close() {
        machine.close();
    }

    /** A device of which one hook fails. */
    enum Hook {
        CONNECT,
        PREPARE,
        REQUEST,
        BATCH_END,
        DISCONNECT,
        CLOSE
    }

    private static final class Failing implements BackendDevice {
        private final Hook hook;
        private final Throwable what;

        Failing(Hook hook, Throwable what) {
            this.hook = hook;
            this.what = what;
        }

        private void at(Hook now) {
            if (now == hook) {
                HookFaultsTest.throwAny(what);
            }
        }

        @Override
        public void connect(Connection connection) {
            at(Hook.CONNECT);
        }

        @Override
        public void prepare(Request request) {
            at(Hook.PREPARE);
        }

        @Override
        public void request(Request request) {
            at(Hook.REQUEST);
            request.complete();
        }

        @Override
        public void batchEnd() {
            at(Hook.BATCH_END);
        }

        @Override
        public void disconnect(Connection connection, String why) {
            at(Hook.DISCONNECT);
        }

        @Override
        public void close() {
            at(Hook.CLOSE);
        }
    }

    @SuppressWarnings("unchecked") // The compiler is told that it is unchecked, whatever it is.
    private static <T extends Throwable> void throwAny(Throwable what) throws T {
        throw (T) what;
    }

    private record Driver(BackendDevice device) implements BackendDriver {
        @Override
        public Protocol protocol() {
            return Ping.PROTOCOL;
        }

        @Override
        public BackendDevice open(DeviceConfig config) {
            return device;
        }
    }

    private MockFrontend attach(BackendDevice device, int devid) {
        devices.attach(new Driver(device), DeviceConfig.of(guest.domid(), devid, Map.of()));
        MockFrontend front = new MockFrontend(guest, Ping.PROTOCOL, devid);
        front.offer();
        return front;
    }

    private MockFrontend attachGood(int devid) {
        MockFrontend front = attach(new Failing(null, null), devid);
        machine.await("connected", () -> front.peerState() == XenbusState.CONNECTED, LIMIT);
        front.state(XenbusState.CONNECTED);
        return front;
    }

    private void assertWorks(MockFrontend front) {
        Message request = front.request(Ping.ADD);
        front.put(request);
        front.push();
        front.arm();
        machine.await("an answer of the good device", () -> front.ring().unconsumedResponses() > 0, LIMIT);
        assertThat(front.response().get(Ping.RESPONSE_ID)).isEqualTo(request.get(Ping.ID));
    }

    private String error(int devid) {
        String text = machine.store()
                .readIfPresent("/local/domain/0/error/backend/ping/" + guest.domid() + "/" + devid + "/error");
        return text == null ? "" : text;
    }

    private void assertCostsItsDeviceOnly(Hook hook, Throwable what) {
        MockFrontend good = attachGood(1);
        MockFrontend bad = attach(new Failing(hook, what), 0);
        machine.runUntil(() -> bad.peerState() == XenbusState.CONNECTED, Duration.ofSeconds(1));
        bad.put(bad.request(Ping.ADD));
        bad.push();
        machine.run();
        if (hook == Hook.DISCONNECT || hook == Hook.CLOSE) {
            var done = devices.detach("ping", guest.domid(), 0, true);
            machine.await("detached", done::isDone, LIMIT);
            assertThat(log).anyMatch(line -> line.contains("ping 0") && line.contains(what.getMessage()));
        } else {
            machine.await("an error", () -> !error(0).isEmpty(), LIMIT);
            assertThat(error(0)).contains(what.getMessage(), ", at " + HookFaultsTest.class.getName());
            assertThat(bad.peerState()).isIn(XenbusState.CLOSING, XenbusState.CLOSED);
            assertThat(log).anyMatch(line -> line.contains("ping 0") && line.contains(what.getMessage()));
            var done = devices.detach("ping", guest.domid(), 0, true);
            machine.await("detached", done::isDone, LIMIT);
        }
        assertWorks(good);
        assertThat(error(1)).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(Hook.class)
    void shouldEndTheDeviceWhoseHookThrows(Hook hook) {
        assertCostsItsDeviceOnly(hook, new IllegalStateException("the driver is out of its mind"));
    }

    @ParameterizedTest
    @EnumSource(Hook.class)
    void shouldEndTheDeviceWhoseHookThrowsAnError(Hook hook) {
        // What a driver throws that was compiled against another kit, or that recurses.
        assertCostsItsDeviceOnly(hook, new NoSuchMethodError("the driver is too old"));
    }

    @Test
    void shouldNotAttachADeviceThatCannotBeOpened() {
        BackendDriver driver = new BackendDriver() {
            @Override
            public Protocol protocol() {
                return Ping.PROTOCOL;
            }

            @Override
            public BackendDevice open(DeviceConfig config) {
                throw new IllegalStateException("no disk, no fun");
            }
        };
        assertThatThrownBy(() -> devices.attach(driver, DeviceConfig.of(guest.domid(), 0, Map.of())))
                .hasMessageContaining("no disk, no fun");
        assertThat(devices.has("ping", guest.domid(), 0)).isFalse();
        assertThat(machine.store().exists("/local/domain/0/backend/ping/" + guest.domid() + "/0"))
                .isFalse();
        assertWorks(attachGood(0));
    }

    @Test
    void shouldNotAttachADeviceThatOffersWhatIsNotDeclared() {
        BackendDevice device = new BackendDevice() {
            @Override
            public void offer(Offer offer) {
                offer.queues(77);
            }

            @Override
            public void request(Request request) {
                request.complete();
            }
        };
        assertThatThrownBy(() -> devices.attach(new Driver(device), DeviceConfig.of(guest.domid(), 0, Map.of())))
                .hasMessageContaining("queues 77");
        assertWorks(attachGood(0));
    }

    @Test
    void shouldAbandonAThreadWhoseHookDoesNotReturn() {
        CountDownLatch released = new CountDownLatch(1);
        MockFrontend good = attachGood(1);
        MockFrontend bad = attach(
                new BackendDevice() {
                    @Override
                    public Threads threads() {
                        return Threads.OWN;
                    }

                    @Override
                    public void request(Request request) {
                        awaitUninterruptibly(released);
                    }
                },
                0);
        until("connected", () -> bad.peerState() == XenbusState.CONNECTED);
        bad.state(XenbusState.CONNECTED);
        bad.put(bad.request(Ping.ADD));
        bad.push();
        until("an error about the hook", () -> error(0).contains("hook does not return"));
        assertThat(bad.peerState()).isIn(XenbusState.CLOSING, XenbusState.CLOSED);
        assertWorks(good);
        released.countDown();
        var done = devices.detach("ping", guest.domid(), 0, true);
        until("detached", done::isDone);
        assertWorks(good);
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        while (latch.getCount() > 0) {
            try {
                latch.await();
            } catch (InterruptedException e) {
                // It does not return for that, either.
            }
        }
    }

    /** For what a thread of its own does: the machine's time passes as the host's does. */
    private void until(String what, BooleanSupplier condition) {
        long end = System.nanoTime() + 30_000_000_000L;
        while (!condition.getAsBoolean()) {
            machine.advance(Duration.ofMillis(1));
            LockSupport.parkNanos(1_000_000);
            assertThat(System.nanoTime()).as(what + machine.describe()).isLessThan(end);
        }
    }
}
