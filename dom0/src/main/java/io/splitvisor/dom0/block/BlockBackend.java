// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.block;

import io.splitvisor.abi.io.Blkif;
import io.splitvisor.backend.BackendDomain;
import io.splitvisor.driver.backend.BackendDevices;
import io.splitvisor.driver.backend.DeviceStatus;
import io.splitvisor.xenbus.XenbusException;
import io.splitvisor.xenbus.XenbusNode;
import io.splitvisor.xenstore.Xenstore;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/** All virtual disks that this domain serves. Thread-safe; for the toolstack. */
public final class BlockBackend {
    private static final String TYPE = Blkif.PROTOCOL.type();

    private final BackendDevices devices;
    private final Xenstore store;
    private final int domid;
    private final ConcurrentHashMap<Key, BlockDriver> disks = new ConcurrentHashMap<>();

    private record Key(int frontendDomid, int devid) {}

    /**
     * @param backend this domain
     * @param store a connection that may write everywhere below this domain's and the front ends' folders
     * @param devices where disks are attached
     */
    public BlockBackend(BackendDomain backend, Xenstore store, BackendDevices devices) {
        this.domid = backend.domid();
        this.store = store;
        this.devices = devices;
    }

    /**
     * Attaches a disk: opens its store, writes both ends' nodes and serves the front end as soon as it comes.
     *
     * @throws IllegalStateException if the domain has a disk of this number
     * @throws io.splitvisor.driver.backend.DeviceException if the store cannot be opened
     */
    public void attach(BlockConfig config) {
        BlockDriver driver = new BlockDriver(config);
        devices.attach(driver, driver.deviceConfig());
        disks.put(new Key(config.frontendDomid(), config.devid()), driver);
        disks.keySet().removeIf(key -> !has(key.frontendDomid, key.devid));
    }

    /**
     * Detaches a disk.
     *
     * @param force does not ask the front end; requests in flight are still seen to their end
     * @return done when the disk is gone; may be forced later. Done at once if there is no such disk.
     */
    public CompletableFuture<Void> detach(int frontendDomid, int devid, boolean force) {
        return devices.detach(TYPE, frontendDomid, devid, force);
    }

    /**
     * The domain is dead: detaches all its disks by force.
     *
     * @return done when nothing of the domain's memory is used any more
     */
    public CompletableFuture<Void> domainDied(int frontendDomid) {
        return devices.domainDied(frontendDomid);
    }

    /** Whether a domain has a disk of this number. */
    public boolean has(int frontendDomid, int devid) {
        return devices.has(TYPE, frontendDomid, devid);
    }

    /** A domain's disks, by number. */
    public List<VirtualDisk> list(int frontendDomid) {
        return devices.list(frontendDomid).stream()
                .filter(device -> device.type().equals(TYPE))
                .filter(device -> disks.containsKey(new Key(frontendDomid, device.devid())))
                .map(device -> describe(device, disks.get(new Key(frontendDomid, device.devid()))))
                .toList();
    }

    private VirtualDisk describe(DeviceStatus device, BlockDriver disk) {
        XenbusNode frontend = new XenbusNode(store, device.frontendPath());
        return new VirtualDisk(
                device.devid(),
                domid,
                device.frontendDomid(),
                number(frontend, "state"),
                number(frontend, "event-channel"),
                number(frontend, "ring-ref"),
                device.backendPath(),
                disk.config().name(),
                disk.config().target(),
                new BlockStatistics(disk.totals().values(), device.counters()));
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
