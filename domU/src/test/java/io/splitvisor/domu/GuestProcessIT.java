// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.splitvisor.abi.ShutdownReason;
import io.splitvisor.attach.AttachMessages;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.domu.training.RehearsalAttach;
import io.splitvisor.domu.training.RehearsalDom0;
import io.splitvisor.domu.training.TrainingGuest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Guests in processes of their own, as Dom0 starts them. */
class GuestProcessIT {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    private Path folder;

    private RehearsalDom0 dom0;
    private RehearsalAttach attach;
    private Process guest;

    /** Echoes lines until "bye". */
    public static final class Echo implements Guest {
        @Override
        public void run(GuestDomain domain) throws Exception {
            System.out.println("listening");
            var lines = new java.io.BufferedReader(new java.io.InputStreamReader(System.in, StandardCharsets.UTF_8));
            for (String line = lines.readLine(); !line.equals("bye"); line = lines.readLine()) {
                System.out.println("heard " + line);
            }
        }
    }

    @BeforeEach
    void open() {
        dom0 = new RehearsalDom0(new DomainLayout(1024, 4, 1), "");
        attach = new RehearsalAttach(dom0, folder);
    }

    @AfterEach
    void close() throws InterruptedException {
        if (guest != null) {
            guest.destroyForcibly().waitFor();
        }
        attach.close();
        dom0.close();
    }

    private void start(String token, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                GuestMain.class.getName()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        Map<String, String> environment = builder.environment();
        environment.clear();
        environment.put(AttachMessages.SOCKET_VARIABLE, attach.path());
        environment.put(AttachMessages.TOKEN_VARIABLE, token);
        guest = builder.start();
    }

    private String output() throws IOException {
        return new String(guest.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    @Test
    void shouldLiveAndPowerOff() throws IOException, InterruptedException {
        start(RehearsalAttach.TOKEN, TrainingGuest.class.getName());
        assertThat(guest.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(guest.exitValue()).as(output()).isZero();
        assertThat(dom0.hypercalls().shutdownReason()).isEqualTo(ShutdownReason.POWEROFF.code());
        await().atMost(PATIENCE).until(() -> dom0.printed().endsWith("rehearsal: Xen 4.17\n"));
        await().atMost(PATIENCE).until(attach::ended);
    }

    @Test
    void shouldTalkOnItsConsole() throws IOException, InterruptedException {
        start(RehearsalAttach.TOKEN, Echo.class.getName());
        await().atMost(PATIENCE).until(() -> dom0.printed().contains("listening"));
        dom0.type("one\n");
        await().atMost(PATIENCE).until(() -> dom0.printed().contains("heard one"));
        dom0.type("bye\n");
        assertThat(guest.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(guest.exitValue()).isZero();
    }

    @Test
    void shouldEndAtOnceWhenTheLifeLineEnds() throws IOException, InterruptedException {
        start(RehearsalAttach.TOKEN, Echo.class.getName());
        await().atMost(PATIENCE).until(() -> dom0.printed().contains("listening"));
        attach.hangUp();
        assertThat(guest.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(guest.exitValue()).isZero();
        assertThat(dom0.hypercalls().shutdownReason()).isEqualTo(-1);
    }

    @Test
    void shouldFailWithOneLineWhenItIsRefused() throws IOException, InterruptedException {
        start("00".repeat(32), Echo.class.getName());
        assertThat(guest.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(guest.exitValue()).isEqualTo(1);
        assertThat(output()).isEqualTo("guest: attach: permission denied\n");
    }

    @Test
    void shouldFailWithOneLineWhenTheClassIsMissing() throws IOException, InterruptedException {
        start(RehearsalAttach.TOKEN);
        assertThat(guest.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(guest.exitValue()).isEqualTo(1);
        assertThat(output()).isEqualTo("guest: the guest class is missing\n");
    }
}
