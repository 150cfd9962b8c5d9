// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.it;

import static org.awaitility.Awaitility.await;

import io.splitvisor.dom0.config.Action;
import io.splitvisor.dom0.config.ClassOrigin;
import io.splitvisor.dom0.config.DiskConfig;
import io.splitvisor.dom0.config.DomainConfig;
import io.splitvisor.dom0.config.Guest;
import io.splitvisor.dom0.toolstack.ConsoleStream;
import io.splitvisor.dom0.toolstack.CreateOptions;
import io.splitvisor.dom0.toolstack.Dom0Launcher;
import io.splitvisor.dom0.toolstack.Toolstack;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.stream.Stream;

/** A Dom0 in this JVM, in a run folder of its own, with guests in real processes; everything ends with {@link #close}. */
final class Dom0Fixture implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Path folder;
    private final Dom0Launcher.Dom0 dom0;
    private final List<ConsoleStream> consoles = new ArrayList<>();

    Dom0Fixture() {
        this(List.of());
    }

    /** With drivers. */
    Dom0Fixture(List<Path> driverPath) {
        try {
            folder = Files.createTempDirectory("sv");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        dom0 = ServiceLoader.load(Dom0Launcher.class)
                .findFirst()
                .orElseThrow()
                .start(folder, new Dom0Launcher.Options(0, "test", driverPath));
    }

    Path folder() {
        return folder;
    }

    Toolstack toolstack() {
        return dom0.toolstack();
    }

    String summary() {
        return dom0.summary();
    }

    /** A configuration of a JVM guest whose class is on this test's class path. */
    static DomainConfig jvm(String name, Class<?> main, List<DiskConfig> disks, String... arguments) {
        Guest guest = new Guest.Jvm(
                Optional.empty(), Optional.of(main.getName()), List.of(), List.of(ClassOrigin.of(main)), List.of());
        return config(name, guest, disks, arguments);
    }

    /** The same with several vCPUs. */
    static DomainConfig jvm(String name, Class<?> main, int vcpus) {
        return jvm(name, main, List.of()).toBuilder().vcpus(vcpus, vcpus).build();
    }

    /** A configuration of a native guest. */
    static DomainConfig exec(String name, Path program, List<DiskConfig> disks, String... arguments) {
        return config(name, new Guest.Exec(program), disks, arguments);
    }

    private static DomainConfig config(String name, Guest guest, List<DiskConfig> disks, String... arguments) {
        return DomainConfig.of(name, guest)
                .arguments(List.of(arguments))
                .memory(32, 32)
                .disks(disks)
                .on(new DomainConfig.OnShutdown(Action.DESTROY, Action.RESTART, Action.PRESERVE, Action.DESTROY))
                .source("test")
                .build();
    }

    int create(DomainConfig config) {
        return dom0.toolstack().create(config, CreateOptions.START);
    }

    /** What a domain has written so far, and goes on to write. */
    Output console(int domid) {
        return console(domid, 0);
    }

    /** The same of one of its consoles. */
    Output console(int domid, int number) {
        ConsoleStream stream = dom0.toolstack().console(domid, number);
        consoles.add(stream);
        return new Output(stream);
    }

    /** Closes the consoles read so far, and keeps nothing of them. */
    void forgetConsoles() {
        consoles.forEach(ConsoleStream::close);
        consoles.clear();
    }

    /** A console, read in the background. */
    static final class Output {
        private final ConsoleStream stream;
        private final StringBuilder text = new StringBuilder();

        private Output(ConsoleStream stream) {
            this.stream = stream;
            Thread.ofVirtual().start(this::read);
        }

        private void read() {
            byte[] buffer = new byte[4096];
            for (int n = stream.read(buffer, 0, buffer.length); n > 0; n = stream.read(buffer, 0, buffer.length)) {
                synchronized (text) {
                    text.append(new String(buffer, 0, n, StandardCharsets.UTF_8));
                }
            }
        }

        String text() {
            synchronized (text) {
                return text.toString();
            }
        }

        void awaitText(String expected) {
            await().alias("console has '" + expected + "'")
                    .atMost(PATIENCE)
                    .failFast(() -> text().contains("crash: "))
                    .until(() -> text().contains(expected));
        }

        void type(String line) {
            byte[] bytes = (line + "\n").getBytes(StandardCharsets.UTF_8);
            stream.write(bytes, 0, bytes.length);
        }
    }

    @Override
    public void close() {
        consoles.forEach(ConsoleStream::close);
        dom0.close();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path path : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
