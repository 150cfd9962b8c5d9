// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.domain;

import io.splitvisor.dom0.config.ChannelConfig;
import io.splitvisor.dom0.console.ChannelSocket;
import io.splitvisor.dom0.console.ConsoleDevice;
import io.splitvisor.dom0.console.ConsoleDriver;
import io.splitvisor.dom0.toolstack.ToolstackException;
import io.splitvisor.dom0.toolstack.ToolstackException.Kind;
import io.splitvisor.driver.backend.BackendDevices;
import io.splitvisor.driver.backend.ByteDevice;
import io.splitvisor.driver.backend.DeviceConfig;
import io.splitvisor.driver.backend.DeviceException;
import io.splitvisor.xenbus.ControlThread;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** Domains' consoles besides the first, with the nodes that libxl writes for those of xl.cfg's {@code channel} key. */
final class Channels {
    private static final String PROTOCOL = "vt100";
    private static final String LIMIT = "1048576";

    private final BackendDevices backend;
    private final Dom0BackendDomain domain;

    Channels(BackendDevices backend, Dom0BackendDomain domain) {
        this.backend = backend;
        this.domain = domain;
    }

    /** Attaches the channels of a new domain: console 1 and on. They go with its other devices. */
    void attachAll(GuestDomain guest) {
        int number = 1;
        for (ChannelConfig channel : guest.config().channels()) {
            attach(guest, number++, channel);
        }
    }

    private void attach(GuestDomain guest, int number, ChannelConfig channel) {
        try {
            backend.attach(
                    new ConsoleDriver(_ -> open(guest, number, channel)), config(guest.domid(), number, channel));
        } catch (DeviceException e) {
            throw new ToolstackException(Kind.TARGET, "channel " + channel.name() + ": " + e.getMessage(), e);
        }
    }

    private ByteDevice open(GuestDomain guest, int number, ChannelConfig channel) {
        ControlThread timer = domain.control("console " + number + " of domain " + guest.domid());
        if (channel.connection() instanceof ChannelConfig.Socket(Path path)) {
            return new ChannelSocket(path, timer);
        }
        ConsoleDevice console = new ConsoleDevice(timer);
        guest.consoles().add(number, console);
        return console;
    }

    private static DeviceConfig config(int domid, int number, ChannelConfig channel) {
        Map<String, String> front = new HashMap<>();
        front.put("name", channel.name());
        front.put("limit", LIMIT);
        front.put("type", "ioemu");
        front.put("tty", "");
        front.put("protocol", PROTOCOL);
        Map<String, String> back = new HashMap<>();
        back.put("name", channel.name());
        back.put("connection", channel.connection().word());
        back.put("protocol", PROTOCOL);
        if (channel.connection() instanceof ChannelConfig.Socket(Path path)) {
            front.put("output", "chardev:libxl-channel" + (number - 1));
            back.put("path", path.toString());
        } else {
            front.put("output", channel.connection().word());
        }
        return new DeviceConfig(domid, number, Map.of("name", channel.name()), front, back);
    }
}
