// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.dom0.cli.Shell.Result;
import io.splitvisor.dom0.driver.DriverFiles;
import io.splitvisor.dom0.toolstack.FakeToolstack;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DeviceCommandsTest {
    @TempDir
    private Path runDir;

    @TempDir
    private Path folder;

    private Shell shell;

    @BeforeEach
    void start() throws IOException {
        shell = new Shell(runDir, folder, new FakeToolstack());
        Files.writeString(folder.resolve("web.cfg"), "name='web'; type='exec'; kernel='k'\n");
        assertThat(shell.run("create", "-q", "web.cfg").code()).isZero();
    }

    @AfterEach
    void stop() {
        shell.close();
    }

    @Test
    void shouldAttachListAndDetach() {
        assertThat(shell.run("device-attach", "web", "toy", "path=/a,b", "devid=2"))
                .isEqualTo(new Result(0, "", ""));
        assertThat(shell.run("device-list", "web").out()).isEqualTo("""
                Type             Devid BE  handle state be-st. BE-path                      \s
                toy              2     0   1      1     2      /local/domain/0/backend/toy/1/2
                """);
        assertThat(shell.run("--json", "device-list", "web").out())
                .contains("\"type\": \"toy\"", "\"devid\": 2", "\"path\": \"/a,b\"");
        assertThat(shell.run("device-detach", "web", "toy").code()).isZero();
        assertThat(shell.toolstack().calls())
                .contains("device-attach 1 toy {path=/a,b}", "device-detach 1 toy 2")
                .hasSize(3);
    }

    @Test
    void shouldSayWhatIsWrong() {
        assertThat(shell.run("device-attach", "web", "nothing"))
                .isEqualTo(new Result(1, "", "there is no driver for devices of type nothing; there are: toy\n"));
        assertThat(shell.run("device-attach", "web", "toy", "size"))
                .isEqualTo(new Result(1, "", "vdev: 'size'; expected key=value\n"));
        assertThat(shell.run("device-detach", "web", "toy"))
                .isEqualTo(new Result(1, "", "domain 1 has no device toy\n"));
        assertThat(shell.run("device-detach", "web", "toy", "x"))
                .isEqualTo(new Result(1, "", "'x' is no device number\n"));
        shell.run("device-attach", "web", "toy");
        shell.run("device-attach", "web", "toy");
        assertThat(shell.run("device-detach", "web", "toy"))
                .isEqualTo(new Result(1, "", "domain 1 has devices toy [0, 1]; which?\n"));
    }

    @Test
    void shouldSayWhichEndWaitsForWhat() {
        shell.run("device-attach", "web", "toy", "devid=2");
        assertThat(shell.run("why-stuck", "web", "toy/2").out()).matches("""
                toy 2: back end CLOSING, front end CONNECTED
                  the back end waits for the front end to close \\(state 6\\); for 1[2-9]\\.\\d s now, and for 30 s at most
                  the driver has 3 request\\(s\\) that are not completed
                  a hook of the driver does not return
                  error: -5 the driver failed
                  the front end says: -22 no such version
                """);
        assertThat(shell.run("--json", "why-stuck", "web").out())
                .contains(
                        "\"for\": \"the front end to close (state 6)\"",
                        "\"limit_seconds\": 30",
                        "\"hook_late\": true");
        assertThat(shell.run("why-stuck", "web", "vif")).isEqualTo(new Result(1, "", "domain 1 has no device vif\n"));
    }

    @Test
    void shouldListAndReloadDriversOfADom0() {
        String table = """
                Type             Protocol Version          Source
                toy              2        1.4              /drivers/toy.jar
                """;
        assertThat(shell.run("drivers")).isEqualTo(new Result(0, table, ""));
        assertThat(shell.run("driver-reload", "toy")).isEqualTo(new Result(0, table, ""));
        assertThat(shell.run("--json", "drivers").out()).contains("\"protocol_version\": 2", "\"class\": \"toy.Toy\"");
        assertThat(shell.toolstack().calls()).contains("reload toy");
    }

    @Test
    void shouldListDriversOfAPathWithoutADom0() throws Exception {
        var files = new DriverFiles(folder);
        files.driver("toy.jar", "Toy", "toy");
        files.driver("two.jar", "Two", "toy");
        assertThat(shell.run("drivers", "--driver-path", "toy.jar").out()).isEqualTo("""
                Type             Protocol Version          Source
                toy              2        1.4              %s/toy.jar
                """.formatted(folder));
        Result refused = shell.run("drivers", "--driver-path=toy.jar:two.jar");
        assertThat(refused.code()).isEqualTo(1);
        assertThat(refused.err())
                .isEqualTo("driver %1$s/two.jar: two drivers of type toy; the other one is %1$s/toy.jar\n"
                        .formatted(folder));
    }
}
