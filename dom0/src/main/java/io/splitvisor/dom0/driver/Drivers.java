// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.driver;

import io.splitvisor.dom0.driver.DriverException.Problem;
import io.splitvisor.dom0.toolstack.DriverInfo;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;

/** All back ends of a Dom0, by device type. Thread-safe. */
public final class Drivers implements AutoCloseable {
    /** Types whose devices the toolstack makes in its own way. */
    private static final Set<String> RESERVED = Set.of("console", "vbd", "vif");

    private final List<DriverJars> jars = new ArrayList<>();
    private final Map<String, LoadedDriver> byType = new TreeMap<>();

    private Drivers() {}

    /**
     * Loads all drivers of a path.
     *
     * @param path jars and folders
     * @throws DriverException for the first one that cannot be loaded; nothing is loaded then
     */
    public static Drivers load(List<Path> path) {
        var drivers = new Drivers();
        boolean loaded = false;
        try {
            for (Path entry : path) {
                DriverJars found = DriverJars.open(entry);
                drivers.jars.add(found);
                found.drivers().forEach(driver -> drivers.add(drivers.byType, driver));
            }
            loaded = true;
            return drivers;
        } finally {
            if (!loaded) {
                drivers.close();
            }
        }
    }

    private void add(Map<String, LoadedDriver> types, LoadedDriver driver) {
        if (RESERVED.contains(driver.type())) {
            throw new DriverException(
                    Problem.DUPLICATE_TYPE,
                    driver.source(),
                    "two drivers of type " + driver.type() + "; the other one is Dom0's own",
                    null);
        }
        LoadedDriver before = types.putIfAbsent(driver.type(), driver);
        if (before != null) {
            throw new DriverException(
                    Problem.DUPLICATE_TYPE,
                    driver.source(),
                    "two drivers of type " + driver.type() + "; the other one is "
                            + (before.source().equals(driver.source())
                                    ? before.driver().getClass().getName()
                                    : before.source()),
                    null);
        }
    }

    /** All drivers by type. */
    public synchronized List<LoadedDriver> list() {
        return List.copyOf(byType.values());
    }

    /** What listings show. */
    public List<DriverInfo> infos() {
        return list().stream().map(LoadedDriver::info).toList();
    }

    /** The driver of a device type. */
    public synchronized Optional<LoadedDriver> find(String type) {
        return Optional.ofNullable(byType.get(type));
    }

    /**
     * Loads the jar or folder again that a driver came from, and takes all its drivers' place. The old classes stay until
     * nobody uses them, but their jars are closed.
     *
     * @param use gives each new driver to the devices of its type; if it throws, everything stays as it was
     * @return what was loaded
     * @throws DriverException if the new one cannot be loaded
     */
    public synchronized List<LoadedDriver> reload(String type, Consumer<LoadedDriver> use) {
        DriverJars old = jars.stream()
                .filter(entry -> entry.drivers().stream()
                        .anyMatch(driver -> driver.type().equals(type)))
                .findFirst()
                .orElseThrow(() -> new DriverException(
                        Problem.UNREADABLE, type, "comes with Dom0, and cannot be loaded again", null));
        DriverJars fresh = DriverJars.open(old.entry());
        boolean used = false;
        try {
            Map<String, LoadedDriver> types = new TreeMap<>(byType);
            old.drivers().forEach(driver -> types.remove(driver.type()));
            fresh.drivers().forEach(driver -> add(types, driver));
            fresh.drivers().forEach(use);
            jars.set(jars.indexOf(old), fresh);
            byType.clear();
            byType.putAll(types);
            used = true;
        } finally {
            (used ? old : fresh).close();
        }
        return fresh.drivers();
    }

    @Override
    public synchronized void close() {
        jars.forEach(DriverJars::close);
        jars.clear();
    }
}
