// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.block;

import io.splitvisor.backend.BackendDomain;
import io.splitvisor.xenbus.XenbusException;
import io.splitvisor.xenbus.XenbusNode;
import io.splitvisor.xenstore.Xenstore;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/** All virtual disks that this domain serves. Thread-safe; for the toolstack. */
public final class BlockBackend {
    private final BackendDomain backend;
    private final Xenstore store;
    private final EventLog log;
    private final ConcurrentHashMap<Key, BlockDevice> devices = new ConcurrentHashMap<>();

    private record Key(int frontendDomid, int devid) {}

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
    public BlockBackend(BackendDomain backend, Xenstore store, EventLog log) {
        this.backend = backend;
        this.store = store;
        this.log = log;
    }

    /**
     * Attaches a disk: writes both ends' nodes and serves the front end as soon as it comes. The store belongs to the
     * device then; if this throws, it is still the caller's.
     *
     * @throws IllegalStateException if the domain has a disk of this number
     */
    public void attach(BlockConfig config) {
        BlockDevice device = new BlockDevice(backend, store, config, log, this::forget);
        Key key = key(device);
        if (devices.putIfAbsent(key, device) != null) {
            throw new IllegalStateException("domain " + key.frontendDomid + " has a disk " + key.devid + " already");
        }
        boolean started = false;
        try {
            device.start();
            started = true;
        } finally {
            if (!started) {
                devices.remove(key, device);
            }
        }
    }

    private static Key key(BlockDevice device) {
        return new Key(device.config().frontendDomid(), device.config().devid());
    }

    private void forget(BlockDevice device) {
        devices.remove(key(device), device);
    }

    /**
     * Detaches a disk.
     *
     * @param force does not ask the front end; requests in flight are still seen to their end
     * @return done when the disk is gone; may take as long as the front end likes if it is asked, and it may be forced
     *     later. Done at once if there is no such disk.
     */
    public CompletableFuture<Void> detach(int frontendDomid, int devid, boolean force) {
        BlockDevice device = devices.get(new Key(frontendDomid, devid));
        return device == null ? CompletableFuture.completedFuture(null) : device.detach(force);
    }

    /**
     * The domain is dead: detaches all its disks by force.
     *
     * @return done when nothing of the domain's memory is used any more
     */
    public CompletableFuture<Void> domainDied(int frontendDomid) {
        return CompletableFuture.allOf(devices.values().stream()
                .filter(device -> device.config().frontendDomid() == frontendDomid)
                .map(device -> device.detach(true))
                .toArray(CompletableFuture[]::new));
    }

    /** Whether a domain has a disk of this number. */
    public boolean has(int frontendDomid, int devid) {
        return devices.containsKey(new Key(frontendDomid, devid));
    }

    /** A domain's disks, by number. */
    public List<VirtualDisk> list(int frontendDomid) {
        List<VirtualDisk> result = new ArrayList<>();
        for (BlockDevice device : devices.values()) {
            if (device.config().frontendDomid() == frontendDomid) {
                result.add(describe(device));
            }
        }
        result.sort(Comparator.comparingInt(VirtualDisk::devid));
        return result;
    }

    private static VirtualDisk describe(BlockDevice device) {
        XenbusNode frontend = device.frontend();
        BlockConfig config = device.config();
        return new VirtualDisk(
                config.devid(),
                device.paths().backendDomid(),
                config.frontendDomid(),
                number(frontend, "state"),
                number(frontend, "event-channel"),
                number(frontend, "ring-ref"),
                device.paths().backend(),
                config.name(),
                config.store().name(),
                device.statistics());
    }

    /** A number in the front end's folder, which may say anything. */
    private static int number(XenbusNode frontend, String name) {
        try {
            return frontend.readUnsigned(name, -1);
        } catch (XenbusException e) {
            return -1;
        }
    }
}
