// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.management;

import io.splitvisor.dom0.config.VdevConfig;
import io.splitvisor.dom0.toolstack.DeviceInfo;
import io.splitvisor.dom0.toolstack.DriverInfo;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;

/** Drivers and their devices, as tables and as JSON. */
public final class DeviceForms {
    private static final String DRIVERS = "%-16s %-8s %-16s %s\n";
    private static final String DEVICES = "%-16s %-5s %-3s %-6s %-5s %-6s %-30s\n";

    private DeviceForms() {}

    /** What {@code drivers} prints. */
    public static String drivers(List<DriverInfo> drivers) {
        var text = new StringBuilder(String.format(Locale.ROOT, DRIVERS, "Type", "Protocol", "Version", "Source"));
        for (DriverInfo driver : drivers) {
            String protocol = driver.protocol() == 0 ? "-" : String.valueOf(driver.protocol());
            text.append(
                    String.format(Locale.ROOT, DRIVERS, driver.type(), protocol, driver.version(), driver.source()));
        }
        return text.toString();
    }

    /** A driver as {@code drivers --json} has it. */
    public static Map<String, Object> driver(DriverInfo driver) {
        return Json.object(
                "type", driver.type(),
                "protocol_version", driver.protocol(),
                "version", driver.version(),
                "source", driver.source(),
                "class", driver.driver());
    }

    /** The first line of {@code device-list}. */
    public static String deviceHead() {
        return String.format(Locale.ROOT, DEVICES, "Type", "Devid", "BE", "handle", "state", "be-st.", "BE-path");
    }

    static String devices(List<DeviceInfo> devices) {
        var text = new StringBuilder();
        for (DeviceInfo device : devices) {
            text.append(String.format(
                    Locale.ROOT,
                    DEVICES,
                    device.type(),
                    device.devid(),
                    device.backendDomid(),
                    device.frontendDomid(),
                    device.frontendState(),
                    device.backendState(),
                    device.backendPath()));
        }
        return text.toString();
    }

    static Map<String, Object> device(DeviceInfo device) {
        return Json.object(
                "type", device.type(),
                "devid", device.devid(),
                "backend_domid", device.backendDomid(),
                "frontend_domid", device.frontendDomid(),
                "state", device.frontendState(),
                "backend_state", device.backendState(),
                "backend_path", device.backendPath(),
                "error", device.error(),
                "settings", device.settings());
    }

    /** A device in a domain's configuration. */
    static Map<String, Object> vdev(VdevConfig vdev) {
        OptionalInt devid = vdev.devid();
        return Json.object(
                "type", vdev.type(),
                "devid", devid.isPresent() ? devid.getAsInt() : null,
                "settings", vdev.settings());
    }
}
