// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.toolstack;

import io.splitvisor.abi.io.XenbusState;
import io.splitvisor.dom0.config.VdevConfig;
import io.splitvisor.dom0.toolstack.ToolstackException.Kind;
import io.splitvisor.driver.backend.DeviceCounters;
import io.splitvisor.driver.backend.DeviceStatus;
import io.splitvisor.xenbus.Wait;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Devices of one driver, {@code toy}, in memory. */
public final class FakeDevices implements Devices {
    private final List<DeviceInfo> devices = new ArrayList<>();
    private final List<String> calls;

    FakeDevices(List<String> calls) {
        this.calls = calls;
    }

    @Override
    public List<DriverInfo> drivers() {
        return List.of(new DriverInfo("toy", 2, "1.4", "/drivers/toy.jar", "toy.Toy"));
    }

    @Override
    public List<DriverInfo> reload(String type) {
        calls.add("reload " + type);
        return drivers();
    }

    @Override
    public synchronized int attach(int domid, VdevConfig device) {
        if (!device.type().equals("toy")) {
            throw new ToolstackException(
                    Kind.NOT_SUPPORTED, "there is no driver for devices of type " + device.type() + "; there are: toy");
        }
        int devid = device.devid().orElse(devices.size());
        devices.add(new DeviceInfo(
                "toy",
                devid,
                0,
                domid,
                2,
                1,
                "/local/domain/0/backend/toy/" + domid + "/" + devid,
                Optional.empty(),
                device.settings()));
        calls.add("device-attach " + domid + " " + device.type() + " " + device.settings());
        return devid;
    }

    @Override
    public synchronized void detach(int domid, String type, int devid, boolean force) {
        if (!devices.removeIf(device -> device.frontendDomid() == domid && device.devid() == devid)) {
            throw new ToolstackException(
                    Kind.NO_SUCH_DEVICE, "domain " + domid + " has no device " + type + " " + devid);
        }
        calls.add("device-detach " + domid + " " + type + " " + devid + (force ? " by force" : ""));
    }

    @Override
    public synchronized List<DeviceStatus> status(int domid) {
        long since = System.currentTimeMillis() - 12_000;
        return list(domid).stream()
                .map(device -> new DeviceStatus(
                        device.type(),
                        domid,
                        device.devid(),
                        device.backendPath(),
                        "/local/domain/" + domid + "/device/toy/" + device.devid(),
                        XenbusState.CLOSING,
                        XenbusState.CONNECTED,
                        Optional.of(new Wait("the front end to close (state 6)", since, Duration.ofSeconds(30))),
                        Optional.empty(),
                        3,
                        true,
                        "-5 the driver failed",
                        "-22 no such version",
                        new DeviceCounters(10, 1, 40960, 4, 6)))
                .toList();
    }

    @Override
    public synchronized List<DeviceInfo> list(int domid) {
        return devices.stream()
                .filter(device -> device.frontendDomid() == domid)
                .toList();
    }
}
