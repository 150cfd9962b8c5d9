// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.splitvisor.abi.XenErrno;
import io.splitvisor.dom0.cli.Shell.Result;
import io.splitvisor.dom0.toolstack.FakeToolstack;
import io.splitvisor.dom0.trace.TraceSession;
import io.splitvisor.dom0.trace.TracedDomain;
import io.splitvisor.hypercall.HypercallOp;
import io.splitvisor.monitor.trace.TracedCall;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TraceCommandsTest {
    @TempDir
    private Path runDir;

    @TempDir
    private Path folder;

    private Shell shell;

    @BeforeEach
    void start() throws IOException {
        shell = new Shell(runDir, folder, new FakeToolstack());
        Files.writeString(folder.resolve("a.cfg"), "name='a'; type='exec'; kernel='k'\n");
        assertThat(shell.run("create", "-q", "a.cfg").code()).isZero();
        try (TraceSession session = TraceSession.start(folder.resolve("t"))) {
            long send = TracedCall.pack(HypercallOp.EVTCHNOP_SEND.ordinal(), 0, 7);
            long bad = TracedCall.pack(HypercallOp.EVTCHNOP_SEND.ordinal(), -XenErrno.EINVAL, -1);
            long yield = TracedCall.pack(HypercallOp.SCHEDOP_YIELD.ordinal(), 0, 0);
            new TracedDomain(session, 1, 1).turn(0, 5_000_000_000L, send, bad);
            new TracedDomain(session, 22, 11).turn(10, 6_000_000_123L, yield);
        }
    }

    @AfterEach
    void stop() {
        shell.close();
    }

    @Test
    void shouldStartShowAndStopATrace() {
        String file = folder.resolve("new").toString();
        assertThat(shell.run("trace", "-d", "-o", "new", "a"))
                .isEqualTo(new Result(0, file + ": under way, 10 hypercalls and events, 2 lost, 300 bytes\n", ""));
        assertThat(shell.toolstack().calls()).contains("trace [1]");
        assertThat(shell.run("trace", "--status", "--json").out()).contains("\"running\": true", "\"lost\": 2");
        assertThat(shell.run("trace", "--stop").out())
                .isEqualTo(file + ": ended, 20 hypercalls and events, 2 lost, 600 bytes\n");
        assertThat(shell.run("trace", "--stop")).isEqualTo(new Result(1, "", "no trace is under way\n"));
    }

    @Test
    void shouldTraceForAWhileInTheForeground() {
        Result result = shell.run("trace", "-T", "1", "-o", "new");
        assertThat(result.code()).isZero();
        assertThat(result.out()).contains("ended, 20 hypercalls");
        assertThat(shell.run("trace", "--status").code()).isOne();
    }

    @Test
    void shouldEndWhenSomebodyElseStopsTheTrace() {
        var running = CompletableFuture.supplyAsync(() -> shell.run("trace", "-o", "new"));
        await().atMost(10, TimeUnit.SECONDS)
                .until(() -> shell.run("trace", "--stop").code() == 0);
        assertThat(running.orTimeout(10, TimeUnit.SECONDS).join().err()).contains("The trace was stopped.");
    }

    @Test
    void shouldWantAFileAndDomainsThatExist() {
        assertThat(shell.run("trace").code()).isEqualTo(2);
        assertThat(shell.run("trace", "-o", "x", "-T", "soon").code()).isEqualTo(2);
        assertThat(shell.run("trace", "-o", "x", "nobody").err())
                .isEqualTo("nobody is an invalid domain identifier (rc=-6)\n");
    }

    @Test
    void shouldPrintATrace() {
        assertThat(shell.run("trace-print", "t")).isEqualTo(new Result(0, """
                    0.000000000 (+         0)  d1v0   EVTCHNOP_send 7
                    0.000000000 (+         0)  d1v0   EVTCHNOP_send 4294967295 = -22
                    1.000000123 (+1000000123)  d22v10  SCHEDOP_yield
                """, ""));
    }

    @Test
    void shouldFilterAndPrintJson() {
        assertThat(shell.run("trace-print", "--dom", "22", "t").out())
                .hasLineCount(1)
                .contains("SCHEDOP_yield");
        assertThat(shell.run("trace-print", "--op", "SEND", "--json", "t").out())
                .isEqualTo("""
                {"time_ns":0,"domid":1,"vcpu":0,"call":"EVTCHNOP_send","argument":7,"error":0}
                {"time_ns":0,"domid":1,"vcpu":0,"call":"EVTCHNOP_send","argument":4294967295,"error":22}
                """);
        assertThat(shell.run("trace-print", "--op", "nothing", "t"))
                .isEqualTo(new Result(1, "", "no hypercall has 'nothing' in its name\n"));
    }

    @Test
    void shouldSayWhatIsWrongWithAFile() throws IOException {
        byte[] whole = Files.readAllBytes(folder.resolve("t"));
        Files.write(folder.resolve("short"), java.util.Arrays.copyOf(whole, whole.length - 1));
        assertThat(shell.run("trace-print", "short").err()).endsWith("ends in the middle of a record\n");
        assertThat(shell.run("trace-print", "absent").err()).endsWith("absent: no such file\n");
        assertThat(shell.run("trace-print", "a.cfg").err()).contains("not a trace file");
    }
}
