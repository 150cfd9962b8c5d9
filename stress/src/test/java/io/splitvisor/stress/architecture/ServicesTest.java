// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.stress.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.lang.module.ModuleDescriptor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A module's services are declared twice, for the module path and for the class path, and both have to say the same. */
class ServicesTest {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Path DESCRIPTOR = Path.of("target", "classes", "module-info.class");
    private static final Path SERVICES = Path.of("src", "main", "resources", "META-INF", "services");

    /** All modules of the build that are modules to Java, too. */
    static List<Path> modules() throws IOException {
        try (Stream<Path> files = Files.find(
                ROOT,
                6,
                (file, _) -> file.endsWith(Path.of("src", "main", "java", "module-info.java"))
                        && Files.exists(moduleOf(file).resolve(DESCRIPTOR)))) {
            return files.map(ServicesTest::moduleOf).sorted().toList();
        }
    }

    private static Path moduleOf(Path descriptor) {
        return descriptor.resolve(Path.of("..", "..", "..", "..")).normalize();
    }

    @Test
    void shouldFindTheModulesThatProvideServices() throws IOException {
        assertThat(modules()).contains(ROOT.resolve("dom0"), ROOT.resolve("examples"), ROOT.resolve("benchmarks"));
        assertThat(provided(ROOT.resolve("dom0"))).containsKey("io.splitvisor.dom0.toolstack.Dom0Launcher");
    }

    @ParameterizedTest
    @MethodSource("modules")
    void shouldProvideTheSameOnBothPaths(Path module) throws IOException {
        assertThat(listed(module)).isEqualTo(provided(module));
    }

    private static Map<String, List<String>> provided(Path module) throws IOException {
        try (InputStream in = Files.newInputStream(module.resolve(DESCRIPTOR))) {
            return ModuleDescriptor.read(in).provides().stream()
                    .collect(Collectors.toMap(
                            ModuleDescriptor.Provides::service,
                            p -> p.providers().stream().sorted().toList()));
        }
    }

    private static Map<String, List<String>> listed(Path module) throws IOException {
        if (!Files.isDirectory(module.resolve(SERVICES))) {
            return Map.of();
        }
        try (Stream<Path> files = Files.list(module.resolve(SERVICES))) {
            return files.collect(Collectors.toMap(file -> file.getFileName().toString(), ServicesTest::lines));
        }
    }

    /** As ServiceLoader reads them. */
    private static List<String> lines(Path file) {
        try (Stream<String> lines = Files.lines(file)) {
            return lines.map(line -> line.replaceFirst("#.*", "").strip())
                    .filter(line -> !line.isEmpty())
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
