// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.backend;

import io.splitvisor.abi.io.XenbusState;
import io.splitvisor.backend.BackendDomain;
import io.splitvisor.xenbus.TimeLimits;
import io.splitvisor.xenbus.Wait;
import io.splitvisor.xenbus.XenbusException;
import io.splitvisor.xenbus.XenbusNode;
import io.splitvisor.xenstore.Xenstore;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Predicate;

/** All devices that this domain serves, of whatever type. Thread-safe; for the toolstack. */
public final class BackendDevices {
    private static final int LONGEST_WORDS = 200;

    private final DeviceEnd.Surroundings around;
    private final ConcurrentHashMap<Key, DeviceEnd> devices = new ConcurrentHashMap<>();

    private record Key(String type, int frontendDomid, int devid) {}

    /** Where lines about domains' misbehaviour go ({@code dmesg}). Called on control threads. */
    @FunctionalInterface
    public interface EventLog {
        /**
         * A line for the log.
         *
         * @param domid the domain that caused it
         */
        void event(int domid, String message);
    }

    /**
     * @param backend this domain
     * @param store a connection that may write everywhere below this domain's and the front ends' folders
     */
    public BackendDevices(BackendDomain backend, Xenstore store, EventLog log) {
        this(backend, store, log, TimeLimits.defaults());
    }

    /** As above, with time limits of one's own. */
    public BackendDevices(BackendDomain backend, Xenstore store, EventLog log, TimeLimits limits) {
        this.around = new DeviceEnd.Surroundings(backend, store, limits, log);
    }

    /**
     * Attaches a device: opens it, writes both ends' nodes and serves the front end as soon as it comes.
     *
     * @throws DeviceException if the driver cannot open it
     * @throws IllegalStateException if the domain has a device of this type and number
     */
    public void attach(DeviceDriver driver, DeviceConfig config) {
        Key key = new Key(driver.protocol().type(), config.frontendDomid(), config.devid());
        if (devices.containsKey(key)) {
            throw exists(key);
        }
        ServedDevice device = driver.open(config);
        boolean attached = false;
        try {
            OpenDevice open = OpenDevice.of(driver, device);
            attach(key, new DeviceEnd(around, config, open, end -> devices.remove(key, end)));
            attached = true;
        } finally {
            if (!attached) {
                device.close();
            }
        }
    }

    private void attach(Key key, DeviceEnd end) {
        if (devices.putIfAbsent(key, end) != null) {
            end.xenbus().close();
            throw exists(key);
        }
        boolean started = false;
        try {
            end.start();
            started = true;
        } finally {
            if (!started) {
                devices.remove(key, end);
                end.xenbus().close();
            }
        }
    }

    private static IllegalStateException exists(Key key) {
        return new IllegalStateException(
                "domain " + key.frontendDomid + " has a " + key.type + " " + key.devid + " already");
    }

    /**
     * Detaches a device.
     *
     * @param force does not ask the front end; requests in flight are still seen to their end
     * @return done when the device is gone; may be forced later. Done at once if there is no such device.
     */
    public CompletableFuture<Void> detach(String type, int frontendDomid, int devid, boolean force) {
        DeviceEnd device = devices.get(new Key(type, frontendDomid, devid));
        return device == null ? CompletableFuture.completedFuture(null) : device.detach(force);
    }

    /**
     * The domain is dead: detaches all its devices by force.
     *
     * @return done when nothing of the domain's memory is used any more
     */
    public CompletableFuture<Void> domainDied(int frontendDomid) {
        return all(key -> key.frontendDomid == frontendDomid, device -> device.detach(true));
    }

    /**
     * The domain was suspended, and is about to run again: says in its front ends' folders that they begin anew, as a toolstack
     * does that restores a domain. Returns at once.
     */
    public void domainResumes(int frontendDomid) {
        devices.forEach((key, device) -> {
            if (key.frontendDomid == frontendDomid) {
                device.frontendBeginsAnew();
            }
        });
    }

    /**
     * Replaces the driver of all devices of a type. Their front ends are asked to close, and connect again; requests without
     * an answer are made again.
     *
     * @param drivers which driver a device gets
     * @return done when all have the new driver; fails with {@link DeviceException} if one of them cannot be opened
     */
    public CompletableFuture<Void> reload(String type, Function<DeviceConfig, DeviceDriver> drivers) {
        return all(key -> key.type.equals(type), device -> device.reload(_ -> drivers.apply(device.config())));
    }

    /** As {@link #reload}, with the driver that each device has: it is closed, and opened again. */
    public CompletableFuture<Void> reopen(String type) {
        return all(key -> key.type.equals(type), device -> device.reload(driver -> driver));
    }

    private CompletableFuture<Void> all(Predicate<Key> which, Function<DeviceEnd, CompletableFuture<Void>> what) {
        return CompletableFuture.allOf(devices.entrySet().stream()
                .filter(entry -> which.test(entry.getKey()))
                .map(entry -> what.apply(entry.getValue()))
                .toArray(CompletableFuture[]::new));
    }

    /** Whether a domain has a device of this type and number. */
    public boolean has(String type, int frontendDomid, int devid) {
        return devices.containsKey(new Key(type, frontendDomid, devid));
    }

    /** A domain's devices, by type and number. */
    public List<DeviceStatus> list(int frontendDomid) {
        return devices.entrySet().stream()
                .filter(entry -> entry.getKey().frontendDomid == frontendDomid)
                .sorted(Comparator.comparing((Map.Entry<Key, DeviceEnd> entry) -> entry.getKey().type)
                        .thenComparing(entry -> entry.getKey().devid))
                .map(entry -> describe(entry.getValue()))
                .toList();
    }

    private DeviceStatus describe(DeviceEnd device) {
        long[] counters = device.counters();
        return new DeviceStatus(
                device.paths().type(),
                device.config().frontendDomid(),
                device.config().devid(),
                device.paths().backend(),
                device.paths().frontend(),
                device.xenbus().state(),
                state(device.frontend()),
                Wait.parse(device.xenbus().own().read(Wait.NODE)),
                Wait.parse(device.frontend().read(Wait.NODE)),
                counters[QueueCounters.TAKEN] - counters[QueueCounters.REQUESTS],
                device.isHookLate(),
                around.store().readIfPresent(device.paths().error() + "/error"),
                printable(around.store().readIfPresent(device.paths().frontendError() + "/error")),
                DeviceCounters.of(counters));
    }

    /** A front end's words, which may be any. */
    private static String printable(String text) {
        return text == null || text.isEmpty()
                ? null
                : text.substring(0, Math.min(text.length(), LONGEST_WORDS)).replaceAll("[^ -~]", "?");
    }

    /** The front end's state, which may say anything. */
    private static XenbusState state(XenbusNode frontend) {
        try {
            return frontend.state();
        } catch (XenbusException e) {
            return XenbusState.UNKNOWN;
        }
    }
}
