// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class HostProcessTest {
    private Process child;

    @BeforeEach
    void start() throws IOException {
        child = new ProcessBuilder("sleep", "100").start();
    }

    @AfterEach
    void kill() throws InterruptedException {
        child.destroyForcibly().waitFor();
    }

    private char state() throws IOException {
        String stat = Files.readString(Path.of("/proc/" + child.pid() + "/stat"));
        return stat.charAt(stat.lastIndexOf(')') + 2);
    }

    @Test
    void shouldStopContinueAndKill() throws Exception {
        assertThat(HostProcess.signal(child.pid(), HostProcess.SIGSTOP)).isTrue();
        await().atMost(Duration.ofSeconds(20)).until(() -> state() == 'T');
        assertThat(HostProcess.signal(child.pid(), HostProcess.SIGCONT)).isTrue();
        await().atMost(Duration.ofSeconds(20)).until(() -> state() != 'T');
        assertThat(HostProcess.signal(child.pid(), HostProcess.SIGKILL)).isTrue();
        assertThat(child.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(child.exitValue()).isEqualTo(128 + HostProcess.SIGKILL);
        await().atMost(Duration.ofSeconds(20)).until(() -> !HostProcess.signal(child.pid(), HostProcess.SIGKILL));
    }

    @Test
    void shouldLimitResources() throws IOException {
        HostProcess.limit(child.pid(), HostProcess.RLIMIT_NOFILE, 17);
        HostProcess.limit(child.pid(), HostProcess.RLIMIT_DATA, 1 << 20);
        assertThat(Files.readString(Path.of("/proc/" + child.pid() + "/limits")))
                .containsPattern("Max open files +17 +17 ")
                .containsPattern("Max data size +1048576 +1048576 ");
    }

    @Test
    void shouldCountTheProcessorTimeOfAProcessThatLives() throws InterruptedException {
        assertThat(HostProcess.cpuNanos(ProcessHandle.current().pid())).isBetween(1_000_000L, 3_600_000_000_000L);
        assertThat(HostProcess.cpuNanos(child.pid())).isGreaterThan(0);
        child.destroyForcibly().waitFor();
        await().atMost(Duration.ofSeconds(20)).until(() -> HostProcess.cpuNanos(child.pid()) == 0);
    }

    @Test
    void shouldReportALimitThatCannotBeSet() throws InterruptedException {
        child.destroyForcibly().waitFor();
        await().atMost(Duration.ofSeconds(20)).until(() -> !HostProcess.signal(child.pid(), 0));
        assertThatExceptionOfType(HostException.class)
                .isThrownBy(() -> HostProcess.limit(child.pid(), HostProcess.RLIMIT_NOFILE, 17))
                .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.ESRCH));
    }

    @Test
    void shouldRefuseTheNumbersThatMeanManyProcesses() {
        for (long pid : new long[] {0, -1, -child.pid(), 1L << 32}) {
            assertThatIllegalArgumentException().isThrownBy(() -> HostProcess.signal(pid, 0));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> HostProcess.limit(pid, HostProcess.RLIMIT_NOFILE, 1000));
        }
    }
}
