// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.vrng;

import io.splitvisor.driver.Protocol;
import io.splitvisor.driver.backend.BackendDevice;
import io.splitvisor.driver.backend.BackendDriver;
import io.splitvisor.driver.backend.DeviceConfig;
import io.splitvisor.driver.backend.DeviceException;
import io.splitvisor.driver.backend.Request;
import io.splitvisor.xenbus.ControlThread;
import java.lang.foreign.MemorySegment;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * The back end: fills pages from the host's generator. A domain gets {@code rate} bytes a second (1 MiB unless its device says
 * otherwise), over all its devices; what is asked for beyond that waits.
 */
public final class VrngBackend implements BackendDriver {
    private static final long RATE = 1 << 20;
    private static final long MOST_RATE = 1L << 40;

    private final Supplier<ControlThread> timers;
    private final Map<Integer, Allowance> allowances = new ConcurrentHashMap<>();

    /** For {@link java.util.ServiceLoader}. */
    public VrngBackend() {
        this(() -> ControlThread.start("vrng"));
    }

    /** @param timers a clock for each device, and calls when a time has come */
    VrngBackend(Supplier<ControlThread> timers) {
        this.timers = timers;
    }

    @Override
    public Protocol protocol() {
        return Vrng.PROTOCOL;
    }

    @Override
    public BackendDevice open(DeviceConfig config) {
        long rate = rate(config.setting("rate", Long.toString(RATE)));
        ControlThread timer = timers.get();
        Allowance allowance = allowances.compute(
                config.frontendDomid(),
                (_, known) -> known == null ? new Allowance(rate, timer.nanoTime()) : known.shared());
        return new Device(
                allowance,
                timer,
                () -> allowances.compute(
                        config.frontendDomid(), (_, known) -> known == null || known.isLast() ? null : known));
    }

    private static long rate(String text) {
        try {
            long rate = Long.parseLong(text);
            if (rate >= 1 && rate <= MOST_RATE) {
                return rate;
            }
        } catch (NumberFormatException e) {
            // As wrong as a number out of range.
        }
        throw new DeviceException("vrng: rate=" + text + " is not from 1 to " + MOST_RATE + " bytes a second");
    }

    /** What a domain may have, shared by its devices. The first one's rate counts. */
    private static final class Allowance {
        private final TokenBucket bucket;
        private int devices = 1;

        Allowance(long rate, long now) {
            // A second's worth, but so much that the largest request fits.
            bucket = new TokenBucket(rate, Math.max(rate, Vrng.MOST_BYTES), now);
        }

        synchronized Allowance shared() {
            devices++;
            return this;
        }

        synchronized boolean isLast() {
            return --devices == 0;
        }

        synchronized long take(long bytes, long now) {
            return bucket.take(bytes, now);
        }
    }

    private static final class Device implements BackendDevice {
        private final Allowance allowance;
        private final ControlThread timer;
        private final Runnable whenClosed;
        private final SecureRandom source;
        private final byte[] bytes = new byte[Vrng.MOST_BYTES];

        Device(Allowance allowance, ControlThread timer, Runnable whenClosed) {
            this.allowance = allowance;
            this.timer = timer;
            this.whenClosed = whenClosed;
            try {
                // The kernel's generator, mixed with one of this process. Does not block once the host has booted.
                source = SecureRandom.getInstance("NativePRNGNonBlocking");
            } catch (NoSuchAlgorithmException e) {
                throw new DeviceException("this host has no /dev/urandom", e);
            }
        }

        @Override
        public void request(Request request) {
            long wait = allowance.take(request.get(Vrng.LENGTH), timer.nanoTime());
            if (wait == 0) {
                fill(request);
            } else {
                timer.schedule(request::resume, Duration.ofNanos(wait));
            }
        }

        @Override
        public void resumed(Request request) {
            fill(request);
        }

        private void fill(Request request) {
            source.nextBytes(bytes);
            request.page(Vrng.PAGE).write(0, MemorySegment.ofArray(bytes), 0, request.get(Vrng.LENGTH));
            request.moved(request.get(Vrng.LENGTH));
            request.complete();
        }

        @Override
        public void close() {
            timer.close();
            whenClosed.run();
        }
    }
}
