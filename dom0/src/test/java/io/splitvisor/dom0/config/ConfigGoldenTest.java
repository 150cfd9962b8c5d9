// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.splitvisor.abi.paging.PagingMode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whole files against what they mean. The golden files stand beside the inputs; {@code -Dsplitvisor.golden=DIR} writes
 * what came out to DIR, to be read before it is copied.
 */
class ConfigGoldenTest {
    private static final Path BASE = Path.of("/base");

    @ParameterizedTest
    @ValueSource(
            strings = {
                "full",
                "minimal",
                "later-wins",
                "xl-keys",
                "escapes",
                "many-errors",
                "syntax",
                "hvm",
                "no-type",
                "jar-means-jvm",
                "no-kernel",
                "no-main",
                "exec-with-jvm-keys",
                "empty"
            })
    void shouldReadTheFileOrSayWhatIsWrong(String name) throws IOException {
        String actual =
                outcome(new ConfigSource(name + ".cfg", resource(name + ".cfg"), BASE, List.of(), Path.of("/cwd")));
        String golden = System.getProperty("splitvisor.golden");
        if (golden != null) {
            Files.writeString(Path.of(golden, name + ".golden"), actual);
        }
        assertThat(actual).isEqualTo(resource(name + ".golden"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "memory=128                   | memory: 128",
                "name=other                   | name: other",
                "name='other'                 | name: other",
                "memory=96;vcpus=1;name=\"x\" | name: x",
                "extra=a b 'c d'              | arguments: [a, b, c d]",
                "disk=['img,raw,xvda,w']      | disk: /cwd/img RAW xvda rw",
                "disk=img,raw,xvda,w          | disk: /cwd/img RAW xvda rw",
                "kernel=/other                | kernel: /other",
                "kernel=other                 | kernel: /cwd/other",
                "on_crash=preserve            | on: poweroff=destroy reboot=restart crash=preserve watchdog=destroy",
                "uuid=12345678-9abc-def0-1234-56789abcdef0 | uuid: 12345678-9abc-def0-1234-56789abcdef0",
                "memory=                      | ERROR command line: found the end of the text",
                "memroy=64                    | ERROR command line: memroy: unknown key; did you mean 'memory'?",
                "memory=lots                  | ERROR command line: memory: found 'lots', expected a number",
                "memory=[64                   | ERROR command line: the list that starts here does not end",
                "64                           | ERROR command line: found '64', expected a key"
            })
    void shouldLetTheCommandLineWin(String override, String expected) throws IOException {
        String text = resource("minimal.cfg");
        String actual = outcome(new ConfigSource("f.cfg", text, BASE, List.of(override), Path.of("/cwd")));
        assertThat(actual).contains(expected);
    }

    @Test
    void shouldTakeEverythingFromTheCommandLineForDevNull() {
        DomainConfig config = ConfigSource.read("/dev/null", List.of("name=n", "type=exec", "kernel=/k"))
                .parse()
                .config();
        assertThat(config.name()).isEqualTo("n");
        assertThat(config.guest()).isEqualTo(new Guest.Exec(Path.of("/k")));
    }

    @Test
    void shouldTakeHowMemoryIsVirtualized() {
        assertThat(withPaging().parse().config().paging()).isEqualTo(PagingChoice.NONE);
        PagingChoice shadow = withPaging("paging=shadow", "shadow_memory=8", "oos=0").parse().config().toBuilder()
                .name("m")
                .build()
                .paging();
        assertThat(shadow).isEqualTo(new PagingChoice(PagingMode.SHADOW, OptionalLong.of(8), false));
        assertThat(withPaging("paging=ept").parse().config().paging().mode()).isEqualTo(PagingMode.EPT);
        assertThat(withPaging("paging=registered", "oos=0").parse().warnings()).hasSize(1);
        assertThat(withPaging("shadow_memory=8").parse().warnings()).hasSize(1);
        assertThatThrownBy(withPaging("paging=npt")::parse)
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("none, shadow, registered, ept");
        assertThatThrownBy(withPaging("paging=ept", "shadow_memory=0")::parse)
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("shadow_memory");
    }

    private static ConfigSource withPaging(String... more) {
        List<String> all = new ArrayList<>(List.of("name=n", "type=exec", "kernel=/k"));
        all.addAll(List.of(more));
        return ConfigSource.read("/dev/null", all);
    }

    @Test
    void shouldTakeTheMostFramesOfTheGrantTable() {
        List<String> base = List.of("name=n", "type=exec", "kernel=/k");
        ConfigSource plain = ConfigSource.read("/dev/null", base);
        assertThat(plain.parse().config().maxGrantFrames()).isEqualTo(64);
        ConfigSource asked =
                ConfigSource.read("/dev/null", List.of(base.get(0), base.get(1), base.get(2), "max_grant_frames=100"));
        assertThat(asked.parse().config().maxGrantFrames()).isEqualTo(100);
        assertThat(asked.parse().config().toBuilder().name("m").build().maxGrantFrames())
                .isEqualTo(100);
        assertThat(asked.parse().warnings()).isEmpty();
        ConfigSource wrong =
                ConfigSource.read("/dev/null", List.of(base.get(0), base.get(1), base.get(2), "max_grant_frames=1025"));
        assertThatThrownBy(wrong::parse).isInstanceOf(ConfigException.class).hasMessageContaining("max_grant_frames");
    }

    @Test
    void shouldResolvePathsAgainstTheFilesFolder(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("a b.cfg"), "name='a'; type='exec'; kernel='bin/k'\n");
        DomainConfig config =
                ConfigSource.read(file.toString(), List.of()).parse().config();
        assertThat(config.guest().kernel()).contains(folder.resolve("bin/k"));
        assertThat(config.source()).isEqualTo(file.toString());
    }

    @Test
    void shouldSayWhyAFileCannotBeRead(@TempDir Path folder) {
        String missing = folder.resolve("none.cfg").toString();
        assertThat(outcome(missing)).isEqualTo("ERROR " + missing + ": cannot read: no such file\n");
        assertThat(outcome(folder.toString())).startsWith("ERROR " + folder + ": cannot read: ");
    }

    private static String outcome(String file) {
        try {
            return shown(ConfigSource.read(file, List.of()).parse());
        } catch (ConfigException e) {
            return "ERROR " + e.getMessage() + "\n";
        }
    }

    private static String outcome(ConfigSource source) {
        try {
            return shown(source.parse());
        } catch (ConfigException e) {
            return "ERROR " + e.getMessage().replace("\n", "\nERROR ") + "\n";
        }
    }

    private static String shown(ParsedConfig parsed) {
        DomainConfig config = parsed.config();
        var text = new StringBuilder();
        text.append("name: ").append(config.name()).append('\n');
        config.uuid().ifPresent(uuid -> text.append("uuid: ").append(uuid).append('\n'));
        text.append("type: ").append(config.guest().type()).append('\n');
        config.guest()
                .kernel()
                .ifPresent(kernel -> text.append("kernel: ").append(kernel).append('\n'));
        if (config.guest() instanceof Guest.Jvm jvm) {
            text.append("jvm: main=")
                    .append(jvm.mainClass().orElse("-"))
                    .append(" modules=")
                    .append(jvm.modulePath());
            text.append(" classes=")
                    .append(jvm.classPath())
                    .append(" args=")
                    .append(jvm.jvmArgs())
                    .append('\n');
        }
        text.append("arguments: ").append(config.arguments()).append('\n');
        text.append("memory: ")
                .append(config.memoryMib())
                .append(" of ")
                .append(config.maxmemMib())
                .append('\n');
        text.append("vcpus: ")
                .append(config.vcpus())
                .append(" of ")
                .append(config.maxVcpus())
                .append('\n');
        for (DiskConfig disk : config.disks()) {
            text.append("disk: ")
                    .append(disk.target())
                    .append(' ')
                    .append(disk.format())
                    .append(' ')
                    .append(disk.vdev());
            text.append(disk.writable() ? " rw\n" : " ro\n");
        }
        config.vifs()
                .forEach(vif ->
                        text.append("vif: ").append(vif.mac().orElse("-")).append('\n'));
        text.append("on: poweroff=").append(config.on().poweroff().word());
        text.append(" reboot=").append(config.on().reboot().word());
        text.append(" crash=").append(config.on().crash().word());
        text.append(" watchdog=").append(config.on().watchdog().word()).append('\n');
        text.append("optional: ")
                .append(config.optional())
                .append(" after: ")
                .append(config.after())
                .append('\n');
        parsed.warnings()
                .forEach(warning -> text.append("WARNING ").append(warning).append('\n'));
        return text.toString();
    }

    private static String resource(String name) throws IOException {
        try (InputStream stream = ConfigGoldenTest.class.getResourceAsStream("cfg/" + name)) {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
