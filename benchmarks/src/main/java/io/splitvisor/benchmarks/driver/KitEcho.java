// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.driver;

import io.splitvisor.driver.backend.BackendDevices;
import io.splitvisor.driver.backend.DeviceConfig;
import io.splitvisor.driver.frontend.Call;
import io.splitvisor.driver.frontend.FrontQueue;
import io.splitvisor.driver.frontend.Frontend;
import io.splitvisor.driver.frontend.FrontendSettings;
import java.time.Duration;
import java.util.Map;

/** The exchange as a driver makes it: calls at one end, a device's hook at the other. */
final class KitEcho implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final TwoDomains domains = new TwoDomains();
    private final Frontend frontend;
    private final FrontQueue queue;
    private final Call[] calls;
    private final Call[] batch;
    private int oldest;
    private int inFlight;
    private int number;

    KitEcho(int depth) {
        BackendDevices devices = new BackendDevices(domains.backend(), domains.store(), (_, _) -> {});
        devices.attach(new Echo(), DeviceConfig.of(TwoDomains.GUEST, 0, Map.of()));
        frontend = Frontend.open(domains.frontend(), Echo.PROTOCOL, 0, new FrontendSettings(), PATIENCE);
        queue = frontend.queue(0);
        calls = new Call[depth];
        batch = new Call[depth];
        for (int i = 0; i < depth; i++) {
            calls[i] = frontend.call();
        }
    }

    /** Exchanges pairs until a time; nanoseconds for each. */
    double exchange(long nanos) {
        long begin = System.nanoTime();
        long done = 0;
        long now = begin;
        while (now - begin < nanos) {
            for (int i = 0; i < 64; i++) {
                done += calls.length == 1 ? one() : several();
            }
            now = System.nanoTime();
        }
        return (double) (now - begin) / done;
    }

    private int one() {
        Call call = calls[0];
        queue.submit(call.set(Echo.NUMBER, ++number));
        call.await();
        check(call);
        return 1;
    }

    /** Responses come in order, so the calls that are done are the oldest. */
    private int several() {
        int depth = calls.length;
        int done = 0;
        while (inFlight > 0 && calls[oldest].isDone()) {
            check(calls[oldest]);
            oldest = oldest + 1 == depth ? 0 : oldest + 1;
            inFlight--;
            done++;
        }
        int count = 0;
        while (inFlight < depth) {
            Call call = calls[(oldest + inFlight) % depth];
            batch[count++] = call.set(Echo.NUMBER, ++number);
            inFlight++;
        }
        queue.submit(batch, count);
        queue.pollOrWait();
        return done;
    }

    private static void check(Call call) {
        boolean right = call.succeeded() && call.get(Echo.SAME_NUMBER) == Echo.NUMBER.get(call.request(), 0);
        if (!right) {
            throw new IllegalStateException("a wrong response");
        }
    }

    @Override
    public void close() {
        frontend.close();
        domains.close();
    }
}
