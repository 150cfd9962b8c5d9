// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.domain;

import io.splitvisor.abi.io.Blkif;
import io.splitvisor.dom0.config.VdevConfig;
import io.splitvisor.dom0.driver.DriverException;
import io.splitvisor.dom0.driver.Drivers;
import io.splitvisor.dom0.driver.LoadedDriver;
import io.splitvisor.dom0.toolstack.DeviceInfo;
import io.splitvisor.dom0.toolstack.Devices;
import io.splitvisor.dom0.toolstack.DriverInfo;
import io.splitvisor.dom0.toolstack.ToolstackException;
import io.splitvisor.dom0.toolstack.ToolstackException.Kind;
import io.splitvisor.driver.backend.BackendDevices;
import io.splitvisor.driver.backend.DeviceConfig;
import io.splitvisor.driver.backend.DeviceException;
import io.splitvisor.driver.backend.DeviceStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/** The devices of loaded drivers, as the toolstack attaches and detaches them. */
final class DriverDevices implements Devices {
    /** How long a front end may take to let go of a device; xl waits as long. */
    private static final long DETACH_SECONDS = 10;

    /** How long requests in flight may take when nobody is asked. */
    private static final long DRAIN_SECONDS = 60;

    private static final int BACKEND_DOMID = 0;
    private static final String DISKS = Blkif.PROTOCOL.type();

    private final Drivers drivers;
    private final BackendDevices backend;
    private final IntFunction<GuestDomain> running;

    /** What each device was made from. */
    private final Map<Key, VdevConfig> configs = new ConcurrentHashMap<>();

    private record Key(int domid, String type, int devid) {}

    /** @param running the guest with a domid, or the exception for one that does not run */
    DriverDevices(Drivers drivers, BackendDevices backend, IntFunction<GuestDomain> running) {
        this.drivers = drivers;
        this.backend = backend;
        this.running = running;
    }

    @Override
    public List<DriverInfo> drivers() {
        return drivers.infos();
    }

    @Override
    public List<DriverInfo> reload(String type) {
        if (type.equals(DISKS)) {
            await(backend.reopen(DISKS), DRAIN_SECONDS, () -> "disks do not change over");
            return List.of(new DriverInfo(DISKS, Blkif.PROTOCOL.version(), "-", "built in", "-"));
        }
        require(type, Kind.NO_SUCH_DEVICE);
        try {
            return drivers
                    .reload(
                            type,
                            driver -> await(
                                    backend.reload(driver.type(), _ -> driver.driver()),
                                    DRAIN_SECONDS,
                                    () -> "devices of type " + type + " do not change over"))
                    .stream()
                    .map(LoadedDriver::info)
                    .toList();
        } catch (DriverException e) {
            throw new ToolstackException(Kind.FAILED, e.getMessage(), e);
        }
    }

    private LoadedDriver require(String type, Kind otherwise) {
        return drivers.find(type)
                .orElseThrow(() -> new ToolstackException(
                        otherwise, "there is no driver for devices of type " + type + "; " + known()));
    }

    private String known() {
        List<String> types = drivers.list().stream().map(LoadedDriver::type).toList();
        return types.isEmpty()
                ? "this Dom0 was started without any: --driver-path names their jars"
                : "there are: " + String.join(", ", types);
    }

    @Override
    public int attach(int domid, VdevConfig device) {
        GuestDomain guest = running.apply(domid);
        synchronized (guest) {
            int devid = attach(guest, device);
            List<VdevConfig> vdevs = new ArrayList<>(guest.config().vdevs());
            vdevs.add(device.withDevid(devid));
            guest.config(guest.config().toBuilder().vdevs(vdevs).build());
            return devid;
        }
    }

    /** Attaches the devices of a new domain's configuration, which has all their numbers afterwards. */
    void attachAll(GuestDomain guest) {
        List<VdevConfig> vdevs = new ArrayList<>();
        for (VdevConfig vdev : guest.config().vdevs()) {
            vdevs.add(vdev.withDevid(attach(guest, vdev)));
        }
        if (!vdevs.isEmpty()) {
            guest.config(guest.config().toBuilder().vdevs(vdevs).build());
        }
    }

    private int attach(GuestDomain guest, VdevConfig device) {
        LoadedDriver driver = require(device.type(), Kind.NOT_SUPPORTED);
        int devid = device.devid().orElseGet(() -> lowestFree(guest.domid(), device.type()));
        Key key = new Key(guest.domid(), device.type(), devid);
        String what = "device " + device.type() + " " + devid;
        if (configs.putIfAbsent(key, device) != null) {
            throw new ToolstackException(
                    Kind.EXISTS, "domain " + guest.config().name() + " has a " + what + " already");
        }
        boolean attached = false;
        try {
            backend.attach(driver.driver(), DeviceConfig.of(guest.domid(), devid, device.settings()));
            attached = true;
        } catch (DeviceException e) {
            throw new ToolstackException(Kind.TARGET, what + ": " + e.getMessage(), e);
        } catch (RuntimeException | LinkageError e) {
            // It is a stranger's code: what it throws is its device's end, and names it.
            throw new ToolstackException(Kind.FAILED, what + ": the driver of " + driver.source() + " failed: " + e, e);
        } finally {
            if (!attached) {
                configs.remove(key);
            }
        }
        return devid;
    }

    private int lowestFree(int domid, String type) {
        return IntStream.iterate(0, i -> i + 1)
                .filter(devid -> !configs.containsKey(new Key(domid, type, devid)))
                .findFirst()
                .orElseThrow();
    }

    @Override
    public void detach(int domid, String type, int devid, boolean force) {
        GuestDomain guest = running.apply(domid);
        synchronized (guest) {
            Key key = new Key(domid, type, devid);
            if (!configs.containsKey(key)) {
                throw new ToolstackException(
                        Kind.NO_SUCH_DEVICE,
                        "domain " + guest.config().name() + " has no device " + type + " " + devid);
            }
            await(
                    backend.detach(type, domid, devid, force),
                    force ? DRAIN_SECONDS : DETACH_SECONDS,
                    () -> "domain " + guest.config().name() + " does not let go of device " + type + " " + devid);
            configs.remove(key);
            List<VdevConfig> vdevs = new ArrayList<>(guest.config().vdevs());
            vdevs.removeIf(vdev -> vdev.type().equals(type) && vdev.devid().equals(OptionalInt.of(devid)));
            guest.config(guest.config().toBuilder().vdevs(vdevs).build());
        }
    }

    /** A suspended guest is about to run again: all its devices connect anew, its disks, too. */
    void resume(GuestDomain guest) {
        backend.domainResumes(guest.domid());
    }

    /** All devices of a domain are gone, together with its disks. */
    void forget(GuestDomain guest) {
        configs.keySet().removeIf(key -> key.domid == guest.domid());
    }

    private static void await(CompletableFuture<Void> future, long seconds, Supplier<String> late) {
        try {
            future.get(seconds, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw new ToolstackException(Kind.TIMEOUT, late.get(), e);
        } catch (ExecutionException e) {
            throw new ToolstackException(Kind.FAILED, e.getCause().getMessage(), e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ToolstackException(Kind.FAILED, "interrupted", e);
        }
    }

    @Override
    public List<DeviceStatus> status(int domid) {
        return backend.list(domid);
    }

    @Override
    public List<DeviceInfo> list(int domid) {
        return backend.list(domid).stream()
                .filter(device -> configs.containsKey(new Key(domid, device.type(), device.devid())))
                .map(this::describe)
                .toList();
    }

    private DeviceInfo describe(DeviceStatus device) {
        VdevConfig config = configs.get(new Key(device.frontendDomid(), device.type(), device.devid()));
        return new DeviceInfo(
                device.type(),
                device.devid(),
                BACKEND_DOMID,
                device.frontendDomid(),
                device.backend().code(),
                device.frontend().code(),
                device.backendPath(),
                Optional.ofNullable(device.error()),
                config == null ? Map.of() : config.settings());
    }

    /** Closes the drivers' jars. No device is left. */
    void close() {
        drivers.close();
    }
}
