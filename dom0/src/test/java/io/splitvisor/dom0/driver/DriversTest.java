// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.splitvisor.dom0.driver.DriverException.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DriversTest {
    @TempDir
    private Path folder;

    private DriverFiles files;

    @BeforeEach
    void newFiles() {
        files = new DriverFiles(folder);
    }

    @Test
    void shouldFindDriversInJarsAndFolders() throws Exception {
        Path jar = files.driver("toy.jar", "Toy", "toy");
        Path with = Files.createDirectory(folder.resolve("with-libraries"));
        Files.move(files.driver("other.jar", "Other", "other"), with.resolve("other.jar"));
        try (Drivers drivers = Drivers.load(List.of(jar, with))) {
            assertThat(drivers.list()).extracting(LoadedDriver::type).containsExactly("other", "toy");
            LoadedDriver toy = drivers.find("toy").orElseThrow();
            assertThat(toy.version()).isEqualTo("1.4");
            assertThat(toy.source()).isEqualTo(jar.toString());
            assertThat(toy.driver().protocol().version()).isEqualTo(2);
            assertThat(drivers.find("none")).isEmpty();
        }
    }

    @Test
    void shouldShowDriversTheKitAndNothingElseOfDom0() throws Exception {
        String peek = DriverFiles.source("Peek", "peek", """
                try {
                    Class.forName("io.netty.buffer.ByteBuf", false, getClass().getClassLoader());
                    return null;
                } catch (ClassNotFoundException e) { }
                """);
        Path jar = files.jar("peek.jar", files.compile(Map.of("Peek", peek)), "toy.Peek");
        try (Drivers drivers = Drivers.load(List.of(jar))) {
            assertThat(drivers.find("peek").orElseThrow().driver().protocol()).isNotNull();
        }
    }

    @Test
    void shouldNameTwoDriversOfOneType() throws Exception {
        Path one = files.driver("one.jar", "One", "toy");
        Path two = files.driver("two.jar", "Two", "toy");
        refused(
                Problem.DUPLICATE_TYPE,
                "driver " + two + ": two drivers of type toy; the other one is " + one,
                one,
                two);
        Path own = files.driver("own.jar", "Own", "vbd");
        refused(
                Problem.DUPLICATE_TYPE,
                "driver " + own + ": two drivers of type vbd; the other one is Dom0's own",
                own);
    }

    @Test
    void shouldNameAJarWithoutABackEnd() throws Exception {
        Path jar = files.jar("empty.jar", files.compile(Map.of("Toy", DriverFiles.source("Toy", "toy", ""))));
        refused(Problem.NO_BACK_END, "driver " + jar + ": no back end: there is no class named in META-INF", jar);
    }

    @Test
    void shouldNameAProviderThatThrows() throws Exception {
        String source = DriverFiles.source("Toy", "toy", "if (true) throw new IllegalStateException(\"no entropy\");");
        Path jar = files.jar("throws.jar", files.compile(Map.of("Toy", source)), "toy.Toy");
        refused(Problem.BROKEN, "driver " + jar + ": IllegalStateException: no entropy", jar);
    }

    @Test
    void shouldNameTheFieldOfABrokenDeclaration() throws Exception {
        String source =
                DriverFiles.source("Toy", "toy", "").replace("RSP.i32(\"status\")", "RSP.at(4).i32(\"status\")");
        Path jar = files.jar("overlap.jar", files.compile(Map.of("Toy", source)), "toy.Toy");
        refused(Problem.BROKEN, "toy_response.status: bytes 4 to 7 overlap with id, bytes 0 to 7", jar);
    }

    @Test
    void shouldNameAProviderThatIsNotThereOrIsNone() throws Exception {
        Path classes = files.compile(Map.of("Toy", "package toy; public final class Toy {}"));
        refused(Problem.BROKEN, "toy.Missing not found", files.jar("missing.jar", classes, "toy.Missing"));
        refused(Problem.BROKEN, "toy.Toy not a subtype", files.jar("none.jar", classes, "toy.Toy"));
    }

    @Test
    void shouldNameClassesOfANewerJava() throws Exception {
        Path classes = files.compile(Map.of("Toy", DriverFiles.source("Toy", "toy", "")));
        Path file = classes.resolve("toy/Toy.class");
        byte[] bytes = Files.readAllBytes(file);
        bytes[7] = 99;
        Files.write(file, bytes);
        Path jar = files.jar("newer.jar", classes, "toy.Toy");
        refused(
                Problem.NEWER_JAVA,
                "toy/Toy has been compiled by a more recent version of the Java Runtime (class file version 99.0)",
                jar);
    }

    @Test
    void shouldNameWhatIsNoJar() throws IOException {
        refused(Problem.UNREADABLE, "no such jar or folder", folder.resolve("nowhere.jar"));
        Path text = Files.writeString(folder.resolve("text.jar"), "this is no jar");
        refused(Problem.UNREADABLE, "text.jar is no jar", text);
    }

    @Test
    void shouldReplaceADriverByWhatItsJarHoldsNow() throws Exception {
        Path jar = files.driver("toy.jar", "Toy", "toy");
        try (Drivers drivers = Drivers.load(List.of(jar))) {
            LoadedDriver before = drivers.find("toy").orElseThrow();
            Files.move(files.driver("new.jar", "Newer", "toy"), jar, StandardCopyOption.REPLACE_EXISTING);
            List<String> used = new ArrayList<>();
            drivers.reload("toy", driver -> used.add(driver.driver().getClass().getName()));
            assertThat(used).containsExactly("toy.Newer");
            assertThat(drivers.find("toy")).isNotEmpty().isNotEqualTo(Optional.of(before));
        }
    }

    @Test
    void shouldKeepADriverThatCannotBeReplaced() throws Exception {
        Path jar = files.driver("toy.jar", "Toy", "toy");
        try (Drivers drivers = Drivers.load(List.of(jar))) {
            LoadedDriver before = drivers.find("toy").orElseThrow();
            assertThat(catchThrowableOfType(
                            IllegalStateException.class,
                            () -> drivers.reload("toy", _ -> {
                                throw new IllegalStateException("in use");
                            })))
                    .hasMessage("in use");
            Files.delete(jar);
            assertThat(catchThrowableOfType(DriverException.class, () -> drivers.reload("toy", _ -> {})))
                    .hasMessageContaining("no such jar");
            assertThat(drivers.find("toy")).contains(before);
        }
    }

    private static void refused(Problem problem, String message, Path... path) {
        DriverException thrown = catchThrowableOfType(DriverException.class, () -> Drivers.load(List.of(path)));
        assertThat(thrown).hasMessageContaining(message);
        assertThat(thrown.problem()).isEqualTo(problem);
    }
}
