// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.driver;

import io.splitvisor.dom0.config.ClassOrigin;
import io.splitvisor.dom0.driver.DriverException.Problem;
import io.splitvisor.driver.backend.BackendDriver;
import io.splitvisor.driver.backend.ByteDriver;
import io.splitvisor.driver.backend.DeviceDriver;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.stream.Stream;

/**
 * One entry of a driver path: a jar, a folder of classes, or a folder of jars (a driver with the libraries it needs). It has a
 * class loader of its own, which {@link KitClasses} keeps apart from Dom0.
 */
final class DriverJars implements AutoCloseable {
    private static final String SERVICES =
            "META-INF/services/" + BackendDriver.class.getName() + " or " + ByteDriver.class.getSimpleName();

    private final Path entry;
    private final URLClassLoader loader;
    private final List<LoadedDriver> drivers;

    private DriverJars(Path entry, URLClassLoader loader) {
        this.entry = entry;
        this.loader = loader;
        this.drivers = List.copyOf(providers());
    }

    /**
     * Loads the back ends of an entry.
     *
     * @throws DriverException if there is none, or one of them cannot be loaded
     */
    static DriverJars open(Path entry) {
        URLClassLoader loader = new URLClassLoader("driver " + entry, urls(entry), new KitClasses());
        boolean opened = false;
        try {
            var jars = new DriverJars(entry, loader);
            opened = true;
            return jars;
        } finally {
            if (!opened) {
                close(loader);
            }
        }
    }

    Path entry() {
        return entry;
    }

    List<LoadedDriver> drivers() {
        return drivers;
    }

    private static URL[] urls(Path entry) {
        List<URL> urls = new ArrayList<>();
        for (Path file : files(entry)) {
            if (!Files.isDirectory(file)) {
                checkJar(entry, file);
            }
            try {
                urls.add(file.toUri().toURL());
            } catch (MalformedURLException e) {
                throw new DriverException(Problem.UNREADABLE, entry.toString(), e.getMessage(), e);
            }
        }
        return urls.toArray(URL[]::new);
    }

    /** A jar; or a folder with its jars, itself first for the classes in it. */
    private static List<Path> files(Path entry) {
        if (!Files.isDirectory(entry)) {
            return List.of(entry);
        }
        List<Path> files = new ArrayList<>(List.of(entry));
        try (Stream<Path> inside = Files.list(entry)) {
            inside.filter(file -> file.toString().endsWith(".jar")).sorted().forEach(files::add);
        } catch (IOException e) {
            throw new DriverException(Problem.UNREADABLE, entry.toString(), "cannot be read: " + e.getMessage(), e);
        }
        return files;
    }

    /** Class loaders pass over what is no jar in silence. */
    private static void checkJar(Path entry, Path file) {
        if (!Files.isReadable(file)) {
            throw new DriverException(Problem.UNREADABLE, entry.toString(), "no such jar or folder", null);
        }
        try (JarFile jar = new JarFile(file.toFile())) {
            jar.getManifest();
        } catch (IOException e) {
            throw new DriverException(
                    Problem.UNREADABLE, entry.toString(), file.getFileName() + " is no jar: " + e.getMessage(), e);
        }
    }

    private List<LoadedDriver> providers() {
        List<LoadedDriver> found = new ArrayList<>();
        try {
            Stream.concat(providers(BackendDriver.class), providers(ByteDriver.class))
                    .forEach(provider -> {
                        DeviceDriver driver = provider.get();
                        if (driver.protocol() == null) {
                            throw broken(provider.type().getName() + " has no protocol", null);
                        }
                        Path jar = ClassOrigin.of(provider.type());
                        found.add(new LoadedDriver(driver, version(jar), jar.toString()));
                    });
        } catch (UnsupportedClassVersionError e) {
            throw new DriverException(Problem.NEWER_JAVA, entry.toString(), newer(e), e);
        } catch (ServiceConfigurationError | LinkageError | RuntimeException e) {
            if (e instanceof DriverException d) {
                throw d;
            }
            throw broken(cause(e), e);
        }
        if (found.isEmpty()) {
            throw new DriverException(
                    Problem.NO_BACK_END, entry.toString(), "no back end: there is no class named in " + SERVICES, null);
        }
        return found;
    }

    /** Each is made, and may fail, only when it is asked for. */
    private Stream<ServiceLoader.Provider<? extends DeviceDriver>> providers(Class<? extends DeviceDriver> service) {
        return ServiceLoader.load(service, loader).stream().map(provider -> provider);
    }

    private DriverException broken(String detail, Throwable cause) {
        return new DriverException(Problem.BROKEN, entry.toString(), detail, cause);
    }

    /** The message of an error and of what is behind it: constructors and static initialisers wrap what they throw. */
    private static String cause(Throwable e) {
        var text = new StringBuilder();
        String last = "";
        for (Throwable at = e; at != null; at = at.getCause()) {
            String message = at.getMessage();
            if (message != null && !message.equals(last)) {
                String name = at instanceof ServiceConfigurationError
                        ? ""
                        : at.getClass().getSimpleName() + ": ";
                text.append(text.isEmpty() ? "" : ": ").append(name).append(message);
                last = message;
            }
        }
        return text.isEmpty() ? e.getClass().getName() : text.toString();
    }

    private static String newer(UnsupportedClassVersionError e) {
        return e.getMessage() + "; Dom0 runs on Java " + Runtime.version().feature();
    }

    private static String version(Path jar) {
        if (Files.isDirectory(jar)) {
            return "-";
        }
        try (JarFile file = new JarFile(jar.toFile())) {
            return Optional.ofNullable(file.getManifest())
                    .map(Manifest::getMainAttributes)
                    .map(attributes -> attributes.getValue(Attributes.Name.IMPLEMENTATION_VERSION))
                    .orElse("-");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void close(URLClassLoader loader) {
        try {
            loader.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Closes the jars: classes that were not loaded yet cannot be any more. */
    @Override
    public void close() {
        close(loader);
    }
}
