// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.domain;

import io.splitvisor.backend.BackendDomain;
import io.splitvisor.dom0.block.BlockBackend;
import io.splitvisor.dom0.block.BlockConfig;
import io.splitvisor.dom0.block.BlockOptions;
import io.splitvisor.dom0.block.VirtualDisk;
import io.splitvisor.dom0.config.DiskConfig;
import io.splitvisor.dom0.store.BlockStore;
import io.splitvisor.dom0.store.BlockStores;
import io.splitvisor.dom0.store.StoreOptions;
import io.splitvisor.dom0.toolstack.BlockInfo;
import io.splitvisor.dom0.toolstack.ToolstackException;
import io.splitvisor.dom0.toolstack.ToolstackException.Kind;
import io.splitvisor.driver.backend.BackendDevices;
import io.splitvisor.driver.backend.DeviceException;
import io.splitvisor.xenstore.Xenstore;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Disks as the toolstack attaches and detaches them: from their configuration to the block back end. */
final class Disks {
    /** How long a front end may take to let go of a disk; xl waits as long. */
    private static final long DETACH_SECONDS = 10;

    /** A dead domain's requests in flight are the host's business alone; a disk that takes longer is broken. */
    private static final long DRAIN_SECONDS = 60;

    private final BlockBackend backend;

    /** What each disk was made from. */
    private final Map<Key, DiskConfig> configs = new ConcurrentHashMap<>();

    private record Key(int domid, int devid) {}

    Disks(BackendDomain dom0, Xenstore store, BackendDevices devices) {
        this.backend = new BlockBackend(dom0, store, devices);
    }

    /** Attaches a disk and answers its number. */
    int attach(GuestDomain guest, DiskConfig disk) {
        Key key = new Key(guest.domid(), disk.devid());
        if (configs.putIfAbsent(key, disk) != null) {
            throw new ToolstackException(
                    Kind.EXISTS, "domain " + guest.config().name() + " has a disk " + disk.vdev() + " already");
        }
        try {
            check(disk);
            backend.attach(new BlockConfig(
                    guest.domid(),
                    disk.devid(),
                    disk.vdev(),
                    disk.target(),
                    () -> open(disk),
                    !disk.writable(),
                    disk.cdrom(),
                    disk.trusted().orElse(true),
                    BlockOptions.defaults()));
        } catch (DeviceException e) {
            configs.remove(key);
            throw new ToolstackException(Kind.TARGET, e.getMessage(), e);
        } catch (RuntimeException e) {
            configs.remove(key);
            throw e;
        }
        return disk.devid();
    }

    private static void check(DiskConfig disk) {
        if (disk.target().isEmpty()) {
            throw new ToolstackException(Kind.NOT_SUPPORTED, "disk " + disk.vdev() + ": a drive without a disc");
        }
        if (disk.backend().isPresent() && !disk.backend().get().matches("0|Domain-0")) {
            throw new ToolstackException(Kind.NOT_SUPPORTED, "disk " + disk.vdev() + ": back ends run in Domain-0");
        }
        if (disk.format() != DiskConfig.Format.RAW && !disk.isNbd()) {
            throw new ToolstackException(
                    Kind.NOT_SUPPORTED,
                    "disk " + disk.vdev() + ": format " + disk.format().name().toLowerCase(java.util.Locale.ROOT)
                            + " is served through an NBD server: start one, such as 'qemu-nbd -k SOCKET FILE', and use"
                            + " target=nbd+unix:///?socket=SOCKET");
        }
    }

    private static BlockStore open(DiskConfig disk) {
        return BlockStores.open(
                disk.target(),
                new StoreOptions(
                        !disk.writable(), disk.directIoSafe(), disk.discard().orElse(true)));
    }

    /** Detaches a disk; without force the front end is asked, and may refuse by not answering. */
    void detach(GuestDomain guest, int devid, boolean force) {
        Key key = new Key(guest.domid(), devid);
        if (!configs.containsKey(key)) {
            throw new ToolstackException(
                    Kind.NO_SUCH_DEVICE, "domain " + guest.config().name() + " has no disk " + devid);
        }
        CompletableFuture<Void> gone = backend.detach(guest.domid(), devid, force);
        if (!done(gone, force ? DRAIN_SECONDS : DETACH_SECONDS)) {
            throw new ToolstackException(
                    Kind.TIMEOUT, "domain " + guest.config().name() + " does not let go of disk " + devid);
        }
        configs.remove(key);
    }

    /** Detaches everything of a domain whose process is gone; afterwards nothing uses its memory. */
    void detachAll(GuestDomain guest) {
        if (!done(backend.domainDied(guest.domid()), DRAIN_SECONDS)) {
            throw new ToolstackException(
                    Kind.TIMEOUT, "requests of domain " + guest.config().name() + " are still in flight");
        }
        configs.keySet().removeIf(key -> key.domid == guest.domid());
    }

    private static boolean done(CompletableFuture<Void> future, long seconds) {
        try {
            future.get(seconds, TimeUnit.SECONDS);
            return true;
        } catch (TimeoutException e) {
            return false;
        } catch (ExecutionException e) {
            throw new ToolstackException(
                    Kind.FAILED, "detaching failed: " + e.getCause().getMessage(), e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ToolstackException(Kind.FAILED, "interrupted", e);
        }
    }

    /** A domain's disks with their counters. */
    List<VirtualDisk> disks(int domid) {
        return backend.list(domid);
    }

    /** A domain's disks, by number. */
    List<BlockInfo> list(GuestDomain guest) {
        List<BlockInfo> result = new ArrayList<>();
        for (VirtualDisk disk : backend.list(guest.domid())) {
            DiskConfig config = configs.get(new Key(guest.domid(), disk.devid()));
            if (config != null) {
                result.add(new BlockInfo(
                        disk.devid(),
                        disk.backendDomid(),
                        disk.frontendDomid(),
                        disk.state(),
                        disk.eventChannel(),
                        disk.ringRef(),
                        disk.backendPath(),
                        config));
            }
        }
        return result;
    }
}
