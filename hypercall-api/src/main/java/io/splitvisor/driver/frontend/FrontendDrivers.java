// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.frontend;

import io.splitvisor.frontend.FrontendDomain;
import io.splitvisor.xenbus.ControlThread;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * The front ends that a guest loads: opens one for each device as it comes, and closes it when the device goes. A driver that
 * cannot be loaded, or throws, costs its devices and a line on the console, nothing else.
 */
public final class FrontendDrivers {
    private final FrontendDomain domain;
    private final Consumer<String> log;
    private final ControlThread control;
    private final Map<String, FrontendDriver> drivers;

    /** What is open: by type, by number. Null stands for a device that its driver did not want. */
    private final Map<String, Map<Integer, AutoCloseable>> open = new HashMap<>();

    private FrontendDrivers(FrontendDomain domain, Map<String, FrontendDriver> drivers, Consumer<String> log) {
        this.domain = domain;
        this.drivers = drivers;
        this.log = log;
        this.control = domain.control("drivers");
    }

    /** Finds the drivers on the class path, and runs them as long as the domain lives. */
    public static void start(FrontendDomain domain, Consumer<String> log) {
        start(domain, load(log), log);
    }

    /** As above, with these drivers. */
    public static void start(FrontendDomain domain, List<FrontendDriver> found, Consumer<String> log) {
        Map<String, FrontendDriver> drivers = byType(found, log);
        if (drivers.isEmpty()) {
            return;
        }
        var all = new FrontendDrivers(domain, drivers, log);
        for (String type : drivers.keySet()) {
            // The watch fires once by itself, for what is there already.
            domain.store().watch("device/" + type, "drivers", 1, _ -> all.control.execute(() -> all.look(type)));
        }
    }

    private static List<FrontendDriver> load(Consumer<String> log) {
        List<FrontendDriver> found = new ArrayList<>();
        Iterator<FrontendDriver> providers =
                ServiceLoader.load(FrontendDriver.class).iterator();
        boolean more = true;
        while (more) {
            try {
                more = providers.hasNext();
                if (more) {
                    found.add(providers.next());
                }
            } catch (ServiceConfigurationError | LinkageError e) {
                log.accept("a driver cannot be loaded: " + e + (e.getCause() == null ? "" : ": " + e.getCause()));
            }
        }
        return found;
    }

    private static Map<String, FrontendDriver> byType(List<FrontendDriver> found, Consumer<String> log) {
        Map<String, FrontendDriver> drivers = new TreeMap<>();
        for (FrontendDriver driver : found) {
            try {
                String type = driver.protocol().type();
                FrontendDriver before = drivers.putIfAbsent(type, driver);
                if (before != null) {
                    log.accept("two drivers of type " + type + ": "
                            + before.getClass().getName() + " is used, "
                            + driver.getClass().getName() + " is not");
                }
            } catch (RuntimeException | LinkageError e) {
                log.accept("driver " + driver.getClass().getName() + " is not used: " + e);
            }
        }
        return drivers;
    }

    private void look(String type) {
        Map<Integer, AutoCloseable> opened = open.computeIfAbsent(type, _ -> new HashMap<>());
        List<Integer> there = Frontend.list(domain, type);
        for (int devid : List.copyOf(opened.keySet())) {
            if (!there.contains(devid)) {
                close(type, devid, opened.remove(devid));
            }
        }
        for (int devid : there) {
            if (!opened.containsKey(devid)) {
                opened.put(devid, open(type, devid));
            }
        }
    }

    private AutoCloseable open(String type, int devid) {
        try {
            return drivers.get(type).open(domain, devid);
        } catch (RuntimeException | LinkageError e) {
            log.accept("device " + type + " " + devid + " is not used: " + e);
            return null;
        }
    }

    private void close(String type, int devid, AutoCloseable device) {
        if (device == null) {
            return;
        }
        try {
            device.close();
        } catch (Exception e) {
            // AutoCloseable may throw anything; the device is gone all the same.
            log.accept("device " + type + " " + devid + " was not closed well: " + e);
        }
    }
}
