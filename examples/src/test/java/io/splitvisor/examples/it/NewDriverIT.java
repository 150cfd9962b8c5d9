// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.splitvisor.dom0.config.DomainConfig;
import io.splitvisor.dom0.config.Guest;
import io.splitvisor.dom0.config.VdevConfig;
import io.splitvisor.dom0.newdriver.CheckoutRepository;
import io.splitvisor.dom0.newdriver.NewDriver;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code new-driver} writes builds as it is, passes its tests, and runs. */
class NewDriverIT {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final long BUILD_SECONDS = 110;

    /** Tests run in their module's folder. */
    private static final Path CHECKOUT = Path.of("..").toAbsolutePath().normalize();

    @TempDir
    private Path folder;

    @Test
    void shouldBuildAndRunWhatItWrites() throws Exception {
        assumeTrue(
                Stream.of(System.getenv("PATH").split(File.pathSeparator))
                        .anyMatch(path -> Files.isExecutable(Path.of(path, "mvn"))),
                "mvn is not there");
        Path project = folder.resolve("vdemo");
        new NewDriver(CHECKOUT, "vdemo").write(project);
        new CheckoutRepository(CHECKOUT).fill();

        String output = verify(project);

        assertThat(output).contains("BUILD SUCCESS").containsPattern("Tests run: [1-9][0-9]*, Failures: 0, Errors: 0");
        Path jar = project.resolve("target/vdemo.jar");
        try (var dom0 = new Dom0Fixture(List.of(jar))) {
            assertThat(dom0.toolstack().devices().drivers())
                    .singleElement()
                    .satisfies(driver -> assertThat(driver.version()).isEqualTo("0.1.0"));
            Guest guest =
                    new Guest.Jvm(Optional.of(jar), Optional.of("vdemo.VdemoGuest"), List.of(), List.of(), List.of());
            int domid = dom0.create(DomainConfig.of("vdemo", guest)
                    .arguments(List.of("it", "works"))
                    .vdevs(List.of(VdevConfig.parse("vdemo")))
                    .build());
            Dom0Fixture.Output console = dom0.console(domid);
            console.awaitText("IT WORKS");
            console.awaitText("a call takes");
            await().atMost(PATIENCE).until(() -> dom0.toolstack().list().size() == 1);
        }
    }

    /** JUnit would remove the links as well, but warns of each. */
    @AfterEach
    void removeLinks() throws IOException {
        for (Path linked : List.of(folder.resolve("repository/io"), folder.resolve("repository"))) {
            if (Files.isDirectory(linked)) {
                try (Stream<Path> entries = Files.list(linked)) {
                    for (Path link : entries.filter(Files::isSymbolicLink).toList()) {
                        Files.delete(link);
                    }
                }
            }
        }
    }

    /** Without the network: everything that the project needs was needed by this build, too. */
    private String verify(Path project) throws IOException, InterruptedException {
        var builder = new ProcessBuilder("mvn", "-B", "-ntp", "-o", "-Dmaven.repo.local=" + localRepository(), "verify")
                .directory(project.toFile())
                .redirectErrorStream(true)
                .redirectInput(new File("/dev/null"));
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        Process process = builder.start();
        try {
            String output = new String(process.getInputStream().readAllBytes(), UTF_8);
            assertThat(process.waitFor(BUILD_SECONDS, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).as(output).isZero();
            return output;
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }

    /**
     * This build's local repository by links, but for Splitvisor's own artifacts: they are to come from the checkout, and must
     * not be left where the next build of the checkout would find them. One is there already, of an older checkout, and is not
     * to be used.
     */
    private Path localRepository() throws IOException {
        Path real = Path.of(
                System.getProperty("splitvisor.localRepository", System.getProperty("user.home") + "/.m2/repository"));
        Path copy = Files.createDirectories(folder.resolve("repository/io"));
        link(real.resolve("io"), copy, "splitvisor");
        link(real, copy.getParent(), "io");
        String version = new CheckoutRepository(CHECKOUT).version();
        String name = "hypercall-api-" + version;
        Path stale =
                Files.createDirectories(copy.resolve("splitvisor/hypercall-api").resolve(version));
        Files.writeString(stale.resolve(name + ".jar"), "of another checkout");
        Files.copy(CHECKOUT.resolve("hypercall-api/pom.xml"), stale.resolve(name + ".pom"));
        Files.writeString(
                stale.resolve("_remote.repositories"),
                name + ".jar>splitvisor-checkout=\n" + name + ".pom>splitvisor-checkout=\n");
        return copy.getParent();
    }

    private static void link(Path from, Path to, String without) throws IOException {
        try (Stream<Path> entries = Files.list(from)) {
            for (Path entry : entries.toList()) {
                if (!entry.getFileName().toString().equals(without)) {
                    Files.createSymbolicLink(to.resolve(entry.getFileName()), entry);
                }
            }
        }
    }
}
