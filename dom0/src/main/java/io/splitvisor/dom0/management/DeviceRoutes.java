// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.management;

import io.splitvisor.dom0.config.VdevConfig;
import io.splitvisor.dom0.config.VirtualDevice;
import io.splitvisor.dom0.toolstack.DeviceInfo;
import io.splitvisor.dom0.toolstack.Devices;
import io.splitvisor.dom0.toolstack.DriverInfo;
import io.splitvisor.dom0.toolstack.ToolstackException;
import io.splitvisor.dom0.toolstack.ToolstackException.Kind;
import io.splitvisor.driver.backend.DeviceStatus;
import java.util.List;
import java.util.OptionalInt;

/** The API's paths for drivers and their devices. */
final class DeviceRoutes {
    private final Devices devices;

    DeviceRoutes(Devices devices) {
        this.devices = devices;
    }

    /** {@code /v1/drivers} and {@code /v1/drivers/TYPE/reload}. */
    Reply drivers(Request request, List<String> rest) {
        if (rest.isEmpty()) {
            return Routes.allow(request, "GET", () -> show(request, devices.drivers()));
        }
        if (rest.size() != 2 || !rest.get(1).equals("reload")) {
            throw new Routes.NotFound();
        }
        return Routes.allow(request, "POST", () -> show(request, devices.reload(rest.getFirst())));
    }

    private static Reply show(Request request, List<DriverInfo> drivers) {
        return request.text()
                ? Reply.text(DeviceForms.drivers(drivers))
                : Reply.json(200, drivers.stream().map(DeviceForms::driver).toList());
    }

    /** {@code /v1/domains/DOMAIN/devices} and {@code .../devices/TYPE/DEVID}. */
    Reply devices(Request request, int domid, List<String> rest) {
        if (rest.isEmpty()) {
            return request.method().equals("POST")
                    ? attach(request, domid)
                    : Routes.allow(request, "GET", () -> list(request, devices.list(domid)));
        }
        if (rest.size() > 2) {
            throw new Routes.NotFound();
        }
        return Routes.allow(request, "DELETE", () -> {
            String type = rest.getFirst();
            devices.detach(
                    domid, type, rest.size() == 2 ? number(rest.get(1)) : only(domid, type), request.flag("force"));
            return Routes.done(request);
        });
    }

    /** {@code /v1/domains/DOMAIN/why-stuck}, of all devices or of those that {@code device} names: TYPE, TYPE/DEVID, xvda. */
    Reply whyStuck(Request request, int domid) {
        List<String> wanted =
                request.all("device").stream().map(DeviceRoutes::deviceName).toList();
        List<DeviceStatus> found = devices.status(domid).stream()
                .filter(device -> wanted.isEmpty()
                        || wanted.contains(device.type())
                        || wanted.contains(device.type() + '/' + device.devid()))
                .toList();
        if (found.isEmpty() && !wanted.isEmpty()) {
            throw new ToolstackException(
                    Kind.NO_SUCH_DEVICE, "domain " + domid + " has no device " + String.join(", ", wanted));
        }
        long now = System.currentTimeMillis();
        return request.text()
                ? Reply.text(WaitForms.text(found, now))
                : Reply.json(
                        200,
                        found.stream()
                                .map(device -> WaitForms.json(device, now))
                                .toList());
    }

    /** Disks have names, too. */
    private static String deviceName(String text) {
        OptionalInt number = VirtualDevice.number(text);
        return number.isPresent() ? "vbd/" + number.getAsInt() : text;
    }

    private static Reply list(Request request, List<DeviceInfo> found) {
        return request.text()
                ? Reply.text(DeviceForms.devices(found))
                : Reply.json(200, found.stream().map(DeviceForms::device).toList());
    }

    private Reply attach(Request request, int domid) {
        VdevConfig device;
        try {
            device = VdevConfig.parse(request.strings("spec"));
        } catch (IllegalArgumentException e) {
            throw new ToolstackException(Kind.BAD_CONFIG, "vdev: " + e.getMessage(), e);
        }
        int devid = devices.attach(domid, device);
        String location = "/v1/domains/" + domid + "/devices/" + device.type() + "/" + devid;
        String body = request.text() ? "" : Json.pretty(Json.object("type", device.type(), "devid", devid));
        return new Reply.Whole(201, request.text(), body, location, () -> {});
    }

    /** The number of the one device of a type that the domain has. */
    private int only(int domid, String type) {
        List<Integer> numbers = devices.list(domid).stream()
                .filter(device -> device.type().equals(type))
                .map(DeviceInfo::devid)
                .toList();
        if (numbers.size() != 1) {
            throw new ToolstackException(
                    Kind.NO_SUCH_DEVICE,
                    "domain " + domid + " has "
                            + (numbers.isEmpty()
                                    ? "no device " + type
                                    : "devices " + type + " " + numbers + "; which?"));
        }
        return numbers.getFirst();
    }

    private static int number(String text) {
        OptionalInt number = text.matches("[0-9]{1,9}") ? OptionalInt.of(Integer.parseInt(text)) : OptionalInt.empty();
        return number.orElseThrow(() -> Request.invalid("'" + text + "' is no device number"));
    }
}
