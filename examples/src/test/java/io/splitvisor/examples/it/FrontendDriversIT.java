// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.splitvisor.dom0.config.VdevConfig;
import io.splitvisor.dom0.toolstack.Condition;
import io.splitvisor.dom0.toolstack.DriverInfo;
import io.splitvisor.dom0.toolstack.ShutdownReason;
import io.splitvisor.examples.vline.VlineBackend;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A front end from a jar that {@code drivers} names, in a guest that knows nothing of it; and its back end from the same jar. */
class FrontendDriversIT {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    private Path temp;

    private Path jar;
    private Dom0Fixture dom0;

    @BeforeEach
    void start() throws IOException {
        jar = Files.createDirectory(temp.resolve("my drivers")).resolve("vline.jar");
        makeJar();
        dom0 = new Dom0Fixture(List.of(jar));
    }

    @AfterEach
    void stop() {
        dom0.close();
    }

    /** The example alone: what a user's project would build. Maven has its classes in a folder, or in a jar already. */
    private void makeJar() throws IOException {
        Path location = Path.of(java.net.URI.create(VlineBackend.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toString()));
        if (Files.isDirectory(location)) {
            makeJar(location);
        } else {
            try (FileSystem all = FileSystems.newFileSystem(location)) {
                makeJar(all.getPath("/"));
            }
        }
    }

    private void makeJar(Path classes) throws IOException {
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar));
                Stream<Path> files = Files.list(classes.resolve("io/splitvisor/examples/vline"))) {
            for (Path file : files.toList()) {
                add(out, classes.relativize(file).toString(), Files.readAllBytes(file));
            }
            for (String service : List.of("backend.ByteDriver", "frontend.FrontendDriver")) {
                String name = "META-INF/services/io.splitvisor.driver." + service;
                add(out, name, Files.readAllBytes(classes.resolve(name)));
            }
        }
    }

    private static void add(JarOutputStream out, String name, byte[] bytes) throws IOException {
        out.putNextEntry(new JarEntry(name));
        out.write(bytes);
        out.closeEntry();
    }

    @Test
    void shouldUseEachDeviceAsItComesAndGoes() {
        assertThat(dom0.toolstack().devices().drivers())
                .extracting(DriverInfo::type)
                .contains("vline");
        int domid = dom0.create(Dom0Fixture.jvm("lines", EchoGuest.class, List.of()).toBuilder()
                .drivers(List.of(jar))
                .vdevs(List.of(VdevConfig.parse("vline")))
                .build());
        Dom0Fixture.Output console = dom0.console(domid);
        console.awaitText("HELLO FROM VLINE 0");
        dom0.toolstack().devices().attach(domid, VdevConfig.parse("vline,devid=5"));
        console.awaitText("HELLO FROM VLINE 5");
        dom0.toolstack().devices().detach(domid, "vline", 0, false);
        console.awaitText("vline 0 has gone");
        assertThat(console.text()).doesNotContain("vline 5 has gone");
        dom0.toolstack().shutdown(domid, ShutdownReason.SUSPEND);
        dom0.toolstack().waitFor(domid, Condition.SHUTDOWN, PATIENCE);
        dom0.toolstack().resume(domid, true);
        dom0.toolstack().devices().attach(domid, VdevConfig.parse("vline"));
        await().atMost(PATIENCE).until(() -> console.text().split("HELLO FROM VLINE 0", -1).length == 3);
    }
}
