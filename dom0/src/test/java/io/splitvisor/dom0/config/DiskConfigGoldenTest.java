// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class DiskConfigGoldenTest {
    static Stream<Arguments> cases() throws IOException {
        try (InputStream golden = DiskConfigGoldenTest.class.getResourceAsStream("disks.golden")) {
            return new String(golden.readAllBytes(), StandardCharsets.UTF_8)
                            .lines()
                            .filter(line -> !line.isEmpty() && !line.startsWith("#"))
                            .map(line -> line.split(" -> ", 2))
                            .map(parts -> Arguments.of(parts[0], parts[1]))
                            .toList()
                            .stream();
        }
    }

    @ParameterizedTest(name = "{index} {0}")
    @MethodSource("cases")
    void shouldReadEveryFormOfTheSpecification(String spec, String expected) {
        String actual = outcome(List.of(spec.split(" \\| ")));
        if (expected.startsWith("ERROR ")) {
            assertThat(actual).startsWith(expected);
        } else {
            assertThat(actual).isEqualTo(expected);
        }
    }

    private static String outcome(List<String> parts) {
        try {
            return shown(DiskConfig.parse(parts, Path.of("/base")));
        } catch (IllegalArgumentException e) {
            return "ERROR " + e.getMessage();
        }
    }

    private static String shown(DiskConfig disk) {
        var text = new StringBuilder();
        text.append(disk.target().isEmpty() ? "-" : disk.target()).append(' ').append(disk.format());
        text.append(' ').append(disk.vdev()).append('(').append(disk.devid()).append(')');
        text.append(disk.writable() ? " rw" : " ro").append(disk.cdrom() ? " cdrom" : "");
        disk.backend().ifPresent(backend -> text.append(" backend=").append(backend));
        disk.backendType().ifPresent(type -> text.append(" backendtype=").append(type));
        disk.script().ifPresent(script -> text.append(" script=").append(script));
        text.append(disk.directIoSafe() ? " direct-io-safe" : "");
        disk.discard().ifPresent(discard -> text.append(" discard=").append(discard));
        disk.trusted().ifPresent(trusted -> text.append(" trusted=").append(trusted));
        if (disk.specification() != DiskConfig.Specification.XEN) {
            text.append(" specification=").append(disk.specification());
        }
        disk.grantUsage().ifPresent(usage -> text.append(" grant_usage=").append(usage));
        return text.toString();
    }
}
