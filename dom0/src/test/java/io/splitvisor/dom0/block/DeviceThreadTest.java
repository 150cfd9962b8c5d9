// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.splitvisor.abi.io.XenbusState;
import io.splitvisor.driver.Field;
import io.splitvisor.driver.Protocol;
import io.splitvisor.driver.Struct;
import io.splitvisor.driver.backend.BackendDevice;
import io.splitvisor.driver.backend.BackendDevices;
import io.splitvisor.driver.backend.BackendDriver;
import io.splitvisor.driver.backend.DeviceConfig;
import io.splitvisor.driver.backend.DeviceStatus;
import io.splitvisor.driver.backend.Request;
import io.splitvisor.driver.backend.Threads;
import io.splitvisor.driver.frontend.Call;
import io.splitvisor.driver.frontend.Frontend;
import io.splitvisor.driver.frontend.FrontendSettings;
import io.splitvisor.xenbus.TimeLimits;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Devices with threads of their own, and completions from any thread, in a real Dom0 and a real guest's memory. */
class DeviceThreadTest {
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final Duration HOOK = Duration.ofMillis(200);

    private static final Struct.Builder REQ = Struct.named("toy_request");
    private static final Field.U64 ID = REQ.u64("id");
    private static final Field.U32 NUMBER = REQ.u32("number");
    private static final Struct REQUEST = REQ.end();
    private static final Struct.Builder RSP = Struct.named("toy_response");
    private static final Field.U64 RESPONSE_ID = RSP.u64("id");
    private static final Field.U32 RESULT = RSP.u32("result");
    private static final Struct RESPONSE = RSP.end();
    private static final Protocol PROTOCOL = Protocol.of("toy")
            .request(REQUEST)
            .response(RESPONSE)
            .id(ID, RESPONSE_ID)
            .queues(4)
            .build();

    private final BlockHost host = new BlockHost();
    private final GuestSide guest = GuestSide.create(host, 256);
    private final List<String> log = new CopyOnWriteArrayList<>();
    private final TimeLimits limits = new TimeLimits(PATIENCE, PATIENCE, PATIENCE, HOOK, PATIENCE);
    private final BackendDevices devices =
            new BackendDevices(host.domain(), host.store(), (_, line) -> log.add(line), limits);

    private record Driver(BackendDevice device) implements BackendDriver {
        @Override
        public Protocol protocol() {
            return PROTOCOL;
        }

        @Override
        public BackendDevice open(DeviceConfig config) {
            return device;
        }
    }

    /** A device that may block. */
    private interface Blocking extends BackendDevice {
        @Override
        default Threads threads() {
            return Threads.OWN;
        }
    }

    private Frontend open(int devid, BackendDevice device, int queues) {
        devices.attach(new Driver(device), DeviceConfig.of(guest.domid(), devid, Map.of()));
        return Frontend.open(guest, PROTOCOL, devid, new FrontendSettings().queues(queues), PATIENCE);
    }

    private DeviceStatus status(int devid) {
        return devices.list(guest.domid()).stream()
                .filter(device -> device.devid() == devid)
                .findFirst()
                .orElseThrow();
    }

    private static void answer(Request request) {
        request.set(RESULT, request.get(NUMBER) + 1);
        request.complete();
    }

    @AfterEach
    void close() throws Exception {
        devices.domainDied(guest.domid()).get(10, TimeUnit.SECONDS);
        host.close();
    }

    @Test
    void shouldServeOthersWhileADeviceBlocksItsOwnThread() {
        CountDownLatch release = new CountDownLatch(1);
        Set<Thread> threads = ConcurrentHashMap.newKeySet();
        Blocking slow = request -> {
            threads.add(Thread.currentThread());
            boolean interrupted = false;
            try {
                release.await();
            } catch (InterruptedException e) {
                interrupted = true;
            }
            assertThat(interrupted).isFalse();
            answer(request);
        };
        Frontend blocked = open(0, slow, 1);
        Frontend quick = open(1, DeviceThreadTest::answer, 1);
        Call waiting = blocked.call().set(NUMBER, 1).submit();
        await().atMost(PATIENCE).until(() -> !threads.isEmpty());
        for (int i = 0; i < 1000; i++) {
            assertThat(quick.call().set(NUMBER, i).submit().await().get(RESULT)).isEqualTo(i + 1);
        }
        assertThat(waiting.isDone()).isFalse();
        release.countDown();
        assertThat(waiting.await().get(RESULT)).isEqualTo(2);
        assertThat(threads).noneMatch(thread -> thread.getName().equals("test loop"));
        quick.close();
        blocked.close();
    }

    @Test
    void shouldAbandonAHookThatNeverReturns() {
        CountDownLatch never = new CountDownLatch(1);
        Blocking rogue = request -> {
            try {
                never.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException("asked to end", e);
            }
        };
        Frontend frontend = open(0, rogue, 1);
        Frontend other = open(1, DeviceThreadTest::answer, 1);
        Call call = frontend.call().submit();
        await().atMost(PATIENCE).until(() -> status(0).error() != null);
        assertThat(status(0).error()).isEqualTo("-5 the driver's hook does not return");
        assertThat(log).anyMatch(line -> line.contains("has not returned"));
        assertThat(status(0).backend()).isNotEqualTo(XenbusState.CONNECTED);
        assertThat(other.call().set(NUMBER, 5).submit().await().get(RESULT)).isEqualTo(6);
        frontend.close(Duration.ZERO);
        assertThat(call.isDone()).isTrue();
        other.close();
    }

    /** The domain's own loop: its other devices go on, on another thread. */
    @Test
    void shouldLeaveAHookThatHangsTheLoop() {
        CountDownLatch release = new CountDownLatch(1);
        Set<Thread> threads = ConcurrentHashMap.newKeySet();
        BackendDevice rogue = request -> {
            threads.add(Thread.currentThread());
            boolean released = false;
            while (!released) {
                try {
                    release.await();
                    released = true;
                } catch (InterruptedException e) {
                    // It does not return for that, either.
                }
            }
            answer(request);
        };
        Frontend frontend = open(0, rogue, 1);
        Frontend other = open(1, DeviceThreadTest::answer, 1);
        Call call = frontend.call().submit();
        await().atMost(PATIENCE).until(() -> !threads.isEmpty());
        // Made while the loop hangs, answered by the one that goes on.
        assertThat(other.call().set(NUMBER, 5).submit().await().get(RESULT)).isEqualTo(6);
        await().atMost(PATIENCE).until(() -> status(0).error() != null);
        assertThat(status(0).error()).isEqualTo("-5 the driver's hook does not return");
        for (int i = 0; i < 1000; i++) {
            assertThat(other.call().set(NUMBER, i).submit().await().get(RESULT)).isEqualTo(i + 1);
        }
        frontend.close(Duration.ZERO);
        assertThat(call.isDone()).isTrue();
        release.countDown();
        await().atMost(PATIENCE).until(() -> threads.stream().noneMatch(Thread::isAlive));
        // What came back too late has let go of the front end's pages, and the device can be taken away.
        assertThat(devices.detach("toy", guest.domid(), 0, true)).succeedsWithin(PATIENCE);
        assertThat(other.call().set(NUMBER, 7).submit().await().get(RESULT)).isEqualTo(8);
        other.close();
    }

    @Test
    void shouldTakeCompletionsFromAnyThreadOnAnyQueue() throws Exception {
        try (ExecutorService pool = Executors.newFixedThreadPool(4)) {
            Blocking handing = request -> pool.execute(() -> answer(request));
            BackendDevice inLoop = request -> pool.execute(() -> answer(request));
            for (BackendDevice device : List.of(handing, inLoop)) {
                Frontend frontend = open(device == handing ? 0 : 1, device, 4);
                List<Thread> callers = new ArrayList<>();
                List<Throwable> failures = new CopyOnWriteArrayList<>();
                for (int t = 0; t < 8; t++) {
                    int base = t * 1000;
                    callers.add(Thread.ofVirtual()
                            .uncaughtExceptionHandler((_, e) -> failures.add(e))
                            .start(() -> callMany(frontend, base)));
                }
                for (Thread caller : callers) {
                    assertThat(caller.join(PATIENCE)).isTrue();
                }
                assertThat(failures).isEmpty();
                assertThat(frontend.counters().requests()).isEqualTo(8 * 200);
                frontend.close();
            }
        }
    }

    private static void callMany(Frontend frontend, int base) {
        Call call = frontend.call();
        for (int i = 0; i < 200; i++) {
            assertThat(call.set(NUMBER, base + i).submit().await().get(RESULT)).isEqualTo(base + i + 1);
        }
    }
}
