// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import io.splitvisor.abi.XenErrno;
import io.splitvisor.dom0.trace.TraceRecord.Call;
import io.splitvisor.dom0.trace.TraceRecord.Event;
import io.splitvisor.dom0.trace.TraceRecord.Lost;
import io.splitvisor.hypercall.HypercallOp;
import io.splitvisor.monitor.trace.TracedCall;
import java.io.File;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TraceSessionTest {
    private static final long SEND = TracedCall.pack(HypercallOp.EVTCHNOP_SEND.ordinal(), 0, 7);
    private static final long BAD_SEND = TracedCall.pack(HypercallOp.EVTCHNOP_SEND.ordinal(), -XenErrno.EINVAL, -1);
    private static final long YIELD = TracedCall.pack(HypercallOp.SCHEDOP_YIELD.ordinal(), 0, 0);
    private static final long NONSENSE = TracedCall.pack(TracedCall.UNKNOWN, -XenErrno.ENOSYS, 63);

    @TempDir
    private Path folder;

    private List<TraceRecord> read(Path path) throws IOException {
        List<TraceRecord> records = new ArrayList<>();
        try (TraceReader reader = new TraceReader(path)) {
            while (reader.next(records::add)) {
                // one window after the other
            }
            assertThat(reader.atEnd()).isTrue();
        }
        return records;
    }

    @Test
    void shouldWriteWhatItIsToldAndReadItBack() throws IOException {
        Path path = folder.resolve("a.trace");
        try (TraceSession session = TraceSession.start(path)) {
            session.turn(3, 1, 1000, new long[] {SEND, BAD_SEND, YIELD, NONSENSE, 99}, 4);
            session.turn(4, 0, 900, new long[] {YIELD}, 1);
            session.event(3, 12);
            await().atMost(10, TimeUnit.SECONDS).until(() -> session.records() == 6);
        }
        List<TraceRecord> records = read(path);
        assertThat(records.subList(0, 5))
                .containsExactly(
                        new Call(1000, 3, 1, "EVTCHNOP_send", OptionalInt.of(7), 0),
                        new Call(1000, 3, 1, "EVTCHNOP_send", OptionalInt.of(-1), XenErrno.EINVAL),
                        new Call(1000, 3, 1, "SCHEDOP_yield", OptionalInt.empty(), 0),
                        new Call(1000, 3, 1, "hypercall 63", OptionalInt.empty(), XenErrno.ENOSYS),
                        // Times do not go back in a file.
                        new Call(1000, 4, 0, "SCHEDOP_yield", OptionalInt.empty(), 0));
        assertThat(records.get(5)).isInstanceOfSatisfying(Event.class, event -> {
            assertThat(event.domid()).isEqualTo(3);
            assertThat(event.port()).isEqualTo(12);
        });
        assertThat(records).hasSize(6);
    }

    @Test
    void shouldWriteOnceWhatIsMadeAgainAtOnce() throws IOException {
        Path path = folder.resolve("again.trace");
        long length;
        try (TraceSession session = TraceSession.start(path)) {
            long often = YIELD;
            for (int i = 0; i < 255; i++) {
                assertThat(TracedCall.isSame(often, YIELD)).isTrue();
                often = TracedCall.onceMore(often);
            }
            assertThat(TracedCall.isSame(often, YIELD)).as("no room for more").isFalse();
            assertThat(TracedCall.isSame(YIELD, SEND)).isFalse();
            session.turn(3, 1, 1000, new long[] {SEND, often, TracedCall.onceMore(BAD_SEND)}, 3);
            await().atMost(10, TimeUnit.SECONDS).until(() -> session.records() == 259);
            length = session.bytes();
        }
        List<TraceRecord> records = read(path);
        assertThat(records).hasSize(259);
        assertThat(records.subList(1, 257)).containsOnly(new Call(1000, 3, 1, "SCHEDOP_yield", OptionalInt.empty(), 0));
        assertThat(records.subList(257, 259))
                .containsOnly(new Call(1000, 3, 1, "EVTCHNOP_send", OptionalInt.of(-1), XenErrno.EINVAL));
        assertThat(length).isLessThan(200);
    }

    @Test
    void shouldLoseAndCountWhatTheFileCannotTake() throws IOException {
        Path path = folder.resolve("flood.trace");
        FileChannel file = FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        TraceSession session = new TraceSession(path, file, 8);
        long[] calls = new long[32];
        Arrays.fill(calls, SEND);
        long told = 0;
        while (session.dropped() == 0 || told < 100_000) {
            session.turn(1, 0, told, calls, calls.length);
            session.event(1, 3);
            told += calls.length + 1;
        }
        session.close();
        long lost = 0;
        long found = 0;
        for (TraceRecord record : read(path)) {
            if (record instanceof Lost(long _, long count)) {
                lost += count;
            } else {
                found++;
            }
        }
        assertThat(lost).isEqualTo(session.dropped()).isPositive();
        assertThat(found).isEqualTo(session.records());
        assertThat(found + lost).isEqualTo(told);
        assertThat(session.bytes()).isEqualTo(Files.size(path));
    }

    @Test
    void shouldGoOnWithoutAFileThatIsFull() throws IOException {
        Path full = Path.of("/dev/full");
        assumeThat(Files.exists(full)).as("/dev/full").isTrue();
        TraceSession session = TraceSession.start(full);
        session.event(1, 1);
        await().atMost(10, TimeUnit.SECONDS).until(() -> !session.failure().isEmpty());
        session.event(1, 2);
        session.close();
        assertThat(session.records()).isZero();
        assertThat(session.dropped()).isPositive();
    }

    @Test
    void shouldReadAFileThatGrows() throws IOException {
        Path path = folder.resolve("grows.trace");
        try (TraceSession session = TraceSession.start(path);
                TraceReader reader = new TraceReader(path)) {
            List<TraceRecord> records = new ArrayList<>();
            assertThat(reader.next(records::add)).isFalse();
            for (int i = 1; i <= 3; i++) {
                session.turn(1, 0, i, new long[] {BAD_SEND}, 1);
                await().atMost(10, TimeUnit.SECONDS).until(() -> reader.next(records::add));
                assertThat(records).hasSize(i);
            }
        }
    }

    @Test
    void shouldRefuseWhatIsNoTrace() throws IOException {
        Path text = folder.resolve("text");
        Files.writeString(text, "this is not a trace at all");
        try (TraceReader reader = new TraceReader(text)) {
            assertThatIOException()
                    .isThrownBy(() -> reader.next(_ -> {}))
                    .withMessage("not a trace file: no trace records at byte 0");
        }
    }

    @Test
    void shouldSurviveDamagedFiles() throws IOException {
        Path path = folder.resolve("whole.trace");
        try (TraceSession session = TraceSession.start(path)) {
            for (int i = 0; i < 20; i++) {
                session.turn(i % 3, 0, i, new long[] {SEND, BAD_SEND, NONSENSE}, 3);
            }
        }
        byte[] whole = Files.readAllBytes(path);
        Random random = new Random(11);
        for (int i = 0; i < 500; i++) {
            byte[] damaged = Arrays.copyOf(whole, 1 + random.nextInt(whole.length));
            for (int n = random.nextInt(4); n > 0; n--) {
                damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
            }
            Path copy = folder.resolve("damaged.trace");
            Files.write(copy, damaged);
            int[] count = {0};
            try (TraceReader reader = new TraceReader(copy)) {
                while (reader.next(_ -> count[0]++)) {
                    assertThat(count[0]).isLessThanOrEqualTo(whole.length / 4);
                }
            } catch (IOException e) {
                assertThat(e).hasMessageStartingWith("not a trace file");
            }
        }
    }

    /** Xen's own analyser understands the file. */
    @Test
    void shouldBeReadByXenalyze() throws IOException, InterruptedException {
        assumeThat(System.getenv("PATH").split(File.pathSeparator))
                .as("xenalyze (Debian: xen-utils-common)")
                .anyMatch(dir -> Files.isExecutable(Path.of(dir, "xenalyze")));
        Path path = folder.resolve("xen.trace");
        try (TraceSession session = TraceSession.start(path)) {
            for (int i = 0; i < 50; i++) {
                session.turn(1 + i % 2, 0, 1_000_000_000L + i * 1000, new long[] {SEND, BAD_SEND, YIELD}, 3);
                session.event(2, 5);
            }
        }
        Process xenalyze = new ProcessBuilder("xenalyze", "--cpu-hz", "1G", "-a", path.toString())
                .redirectErrorStream(true)
                .redirectInput(new File("/dev/null"))
                .start();
        String output = new String(xenalyze.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(xenalyze.waitFor()).as(output).isZero();
        assertThat(output.lines().filter(line -> line.contains("hypercall 20 (evtchn_op)")))
                .as(output)
                .hasSize(100);
        assertThat(output.lines().filter(line -> line.contains("PV-129 [ 16 ]")))
                .as(output)
                .hasSize(50);
        assertThat(output.lines().filter(line -> line.contains("d2v0")))
                .as(output)
                .isNotEmpty();
    }
}
