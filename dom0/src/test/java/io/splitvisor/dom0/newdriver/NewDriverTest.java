// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.newdriver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NewDriverTest {
    /** Tests run in their module's folder. */
    private static final Path CHECKOUT = Path.of("..").toAbsolutePath().normalize();

    @TempDir
    private Path folder;

    @Test
    void shouldWriteAProjectInWhichNothingIsLeftOfTheExample() throws IOException {
        Path project = folder.resolve("vdemo");
        List<Path> files = new NewDriver(CHECKOUT, "vdemo").write(project);
        assertThat(files)
                .extracting(Path::toString)
                .contains(
                        "pom.xml",
                        ".mvn/maven.config",
                        "README.md",
                        "vdemo.cfg",
                        "src/main/java/vdemo/Vdemo.java",
                        "src/main/java/vdemo/VdemoBackend.java",
                        "src/main/java/vdemo/VdemoFrontend.java",
                        "src/main/java/vdemo/VdemoGuest.java",
                        "src/main/resources/META-INF/services/io.splitvisor.driver.backend.BackendDriver",
                        "src/test/java/vdemo/VdemoTest.java",
                        "src/test/java/vdemo/VdemoBackendConformanceTest.java");
        for (Path file : files) {
            assertThat(Files.readString(project.resolve(file)))
                    .as(file.toString())
                    .doesNotContainIgnoringCase("vecho")
                    .doesNotContain("@name@", "@Name@", "@version@", "@checkout@", "io.splitvisor.examples");
        }
        assertThat(Files.readString(project.resolve("src/main/java/vdemo/Vdemo.java")))
                .startsWith("package vdemo;\n")
                .contains("Protocol.of(\"vdemo\")", "Struct.named(\"vdemo_request\")");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "v", "Vdemo", "v-demo", "9p", "../x", "native", "vbd", "int"})
    void shouldRefuseNamesThatAreNone(String name) {
        assertThat(catchThrowableOfType(IllegalArgumentException.class, () -> new NewDriver(CHECKOUT, name)))
                .hasMessageStartingWith("'" + name + "' is no name for a driver");
    }

    @Test
    void shouldNotWriteIntoAFolderThatIsInUse() throws IOException {
        Files.writeString(folder.resolve("mine"), "text");
        assertThat(catchThrowableOfType(
                        IllegalArgumentException.class, () -> new NewDriver(CHECKOUT, "vdemo").write(folder)))
                .hasMessage(folder + " is not empty");
    }

    @Test
    void shouldSayWhatIsNoCheckout() {
        assertThat(catchThrowableOfType(IllegalArgumentException.class, () -> new NewDriver(folder, "vdemo")))
                .hasMessage(folder + " is no checkout of Splitvisor");
        assertThat(catchThrowableOfType(IllegalArgumentException.class, () -> new CheckoutRepository(folder)))
                .hasMessage(folder + " is no checkout of Splitvisor");
    }

    @Test
    void shouldFillARepositoryFromWhatWasBuilt() throws IOException {
        Files.writeString(folder.resolve("pom.xml"), "<artifactId>splitvisor</artifactId> <version>9.9</version>");
        var repository = new CheckoutRepository(folder);
        assertThat(catchThrowableOfType(IllegalArgumentException.class, repository::fill))
                .hasMessageContaining("is missing; './splitvisor help' builds it");
        for (String module :
                List.of("ring-buffer", "hypercall-api", "monitor", "vcpu", "dom0", "domU", "driver-testkit")) {
            Files.createDirectories(folder.resolve(module).resolve("target"));
            Files.writeString(folder.resolve(module).resolve("pom.xml"), module);
            Files.writeString(folder.resolve(module).resolve("target").resolve(module + "-9.9.jar"), "jar");
        }
        repository.fill();
        repository.fill();
        Path artifact = repository.folder().resolve("io/splitvisor/domU/9.9");
        try (var files = Files.list(artifact)) {
            assertThat(files)
                    .extracting(file -> file.getFileName().toString())
                    .containsExactlyInAnyOrder("domU-9.9.jar", "domU-9.9.pom");
        }
        assertThat(artifact.resolve("domU-9.9.pom")).hasContent("domU");
        assertThat(repository.folder().resolve("io/splitvisor/splitvisor/9.9/splitvisor-9.9.pom"))
                .exists();
    }

    /** Maven looks into the metadata of every build, and takes a name that it has not seen for something new. */
    @Test
    void shouldGiveASnapshotAnotherNameWheneverItHasChanged() throws IOException {
        Path jar = Files.writeString(folder.resolve("built.jar"), "one");
        Path repository = folder.resolve("repository");
        var snapshot = new SnapshotFolder(repository, "kit", "1.2-SNAPSHOT");
        Instant noon = Instant.parse("2026-01-02T12:00:00Z");
        snapshot.put(Map.of("jar", jar), noon);
        snapshot.put(Map.of("jar", jar), noon.plusSeconds(60));
        Path artifact = repository.resolve("io/splitvisor/kit/1.2-SNAPSHOT");
        assertThat(artifact.resolve("kit-1.2-20260102.120000-1.jar")).hasContent("one");
        Files.writeString(jar, "two");
        snapshot.put(Map.of("jar", jar), noon);
        Files.writeString(jar, "three");
        snapshot.put(Map.of("jar", jar), noon.plusSeconds(3600));
        assertThat(artifact.resolve("maven-metadata.xml"))
                .content()
                .contains("<timestamp>20260102.130000</timestamp>", "<value>1.2-20260102.130000-1</value>");
        try (var files = Files.list(artifact)) {
            assertThat(files)
                    .extracting(file -> file.getFileName().toString())
                    .as("the newest, and the one before it")
                    .containsExactlyInAnyOrder(
                            "maven-metadata.xml", "kit-1.2-20260102.120001-1.jar", "kit-1.2-20260102.130000-1.jar");
        }
    }
}
