// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import io.splitvisor.abi.XenErrno;
import io.splitvisor.dom0.trace.TraceRecord.Call;
import io.splitvisor.dom0.trace.TraceRecord.Event;
import io.splitvisor.dom0.trace.TraceRecord.Lost;
import io.splitvisor.hypercall.HypercallOp;
import io.splitvisor.monitor.trace.TraceSink;
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
import java.util.Comparator;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
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
            TracedDomain third = new TracedDomain(session, 3, 2);
            third.turn(1, 1000, SEND, BAD_SEND, YIELD, NONSENSE);
            await().atMost(10, TimeUnit.SECONDS).until(() -> session.records() == 4);
            new TracedDomain(session, 4, 1).turn(0, 900, YIELD);
            third.event(12, 1001);
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
    void shouldPutInOrderWhatSeveralTell() throws IOException {
        Path path = folder.resolve("order.trace");
        try (TraceSession session = TraceSession.start(path)) {
            TracedDomain first = new TracedDomain(session, 1, 2);
            TracedDomain second = new TracedDomain(session, 2, 1);
            // Nothing of this is written before it has happened.
            long soon = System.nanoTime() + 1_000_000_000;
            for (int i = 0; i < 300; i++) {
                (i % 3 == 2 ? second : first).turn(i % 3 % 2, soon + i, SEND);
            }
        }
        List<Call> calls = read(path).stream().map(Call.class::cast).toList();
        assertThat(calls).hasSize(300).isSortedAccordingTo(Comparator.comparingLong(Call::nanos));
        assertThat(calls.subList(0, 3))
                .extracting(call -> call.domid() + "." + call.vcpu())
                .containsExactly("1.0", "1.1", "2.0");
    }

    /** Several loops and senders at full speed: what is in the file and what was lost is what was told, in order. */
    @Test
    void shouldAccountForEverythingThatManyThreadsTell() throws Exception {
        Path path = folder.resolve("many.trace");
        int threads = 4;
        int turns = 50_000;
        long told = threads * turns * 6L;
        long dropped;
        try (TraceSession session = TraceSession.start(path)) {
            List<Thread> tellers = new ArrayList<>();
            for (int t = 0; t < threads; t++) {
                boolean inLoop = t % 2 == 0;
                TraceSink sink =
                        session.domain(t + 1, 1, new TraceLoop(System::nanoTime, System::nanoTime, () -> inLoop));
                tellers.add(Thread.ofPlatform().start(() -> {
                    for (int i = 0; i < turns; i++) {
                        sink.turn(0, new long[] {TracedCall.again(SEND, 1), BAD_SEND, YIELD, SEND}, 4);
                        sink.event(i & 0xfff);
                    }
                }));
            }
            for (Thread teller : tellers) {
                teller.join();
            }
            session.close();
            assertThat(session.records() + session.dropped()).isEqualTo(told);
            dropped = session.dropped();
        }
        long[] found = new long[2];
        long last = 0;
        for (TraceRecord record : read(path)) {
            assertThat(record.nanos()).isGreaterThanOrEqualTo(last);
            last = record.nanos();
            if (record instanceof Lost(long _, long count)) {
                found[1] += count;
            } else {
                found[0]++;
            }
        }
        assertThat(found).containsExactly(told - dropped, dropped);
    }

    @Test
    void shouldForgetTheQueuesOfDomainsThatHaveGone() throws IOException {
        try (TraceSession session = TraceSession.start(folder.resolve("gone.trace"))) {
            new TracedDomain(session, 1, 1).turn(0, 1, SEND);
            new TracedDomain(session, 2, 1).turn(0, 1, SEND);
            assertThat(session.queues()).isEqualTo(3);
            session.gone(1);
            await().atMost(10, TimeUnit.SECONDS).until(() -> session.queues() == 2);
            await().atMost(10, TimeUnit.SECONDS).until(() -> session.records() == 2);
        }
    }

    @Test
    void shouldWriteOnceWhatIsMadeAgainInTurnsThatFollow() throws IOException {
        Path path = folder.resolve("runs.trace");
        try (TraceSession session = TraceSession.start(path)) {
            TracedDomain domain = new TracedDomain(session, 1, 1);
            long soon = System.nanoTime() + 1_000_000_000;
            for (int i = 0; i <= 20; i++) {
                domain.turn(0, soon + i * 1000L, YIELD);
            }
            session.close();
            assertThat(session.bytes()).isLessThan(120);
            List<TraceRecord> records = read(path);
            assertThat(records).hasSize(21);
            // Ten microseconds are one record: its first call's time is exact, the others have the last one's.
            assertThat(records)
                    .extracting(record -> record.nanos() - soon)
                    .startsWith(0L, 10_000L)
                    .contains(11_000L)
                    .endsWith(20_000L, 20_000L);
        }
    }

    /** What is sealed while it is counted is counted once, and nothing is lost. */
    @Test
    void shouldCountARunThatIsReadWhileItGoesOn() throws IOException {
        LongAdder dropped = new LongAdder();
        AtomicLong clock = new AtomicLong();
        TraceLoop loop = new TraceLoop(clock::get, clock::get, () -> true);
        LoopSource source = new LoopSource(1, 0, 0, loop, dropped, 64);
        Path path = folder.resolve("run.trace");
        try (FileChannel file = FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            TraceWriter writer = new TraceWriter(file);
            for (int i = 1; i <= 9; i++) {
                clock.set(i);
                source.turn(new long[] {TracedCall.again(YIELD, 1)}, 1);
                if (i % 3 == 0) {
                    source.look();
                    assertThat(source.isEmpty()).isFalse();
                    source.take(writer);
                    assertThat(source.isEmpty()).isTrue();
                    source.release();
                }
            }
            clock.set(10);
            source.turn(new long[] {YIELD}, 1);
            clock.set(11);
            source.turn(new long[] {SEND}, 1);
            clock.set(12);
            source.turn(new long[] {SEND, SEND}, 2);
            source.look();
            while (!source.isEmpty()) {
                source.take(writer);
            }
            writer.flush();
        }
        assertThat(dropped.sum()).isZero();
        assertThat(read(path))
                .extracting(TraceRecord::nanos)
                .containsExactly(
                        1L, 3L, 3L, 3L, 3L, 3L, 4L, 6L, 6L, 6L, 6L, 6L, 7L, 9L, 9L, 9L, 9L, 9L, 10L, 11L, 12L, 12L);
    }

    @Test
    void shouldKeepTheOrderOfEventsAmongCallsThatAreMadeAgain() throws IOException {
        Path path = folder.resolve("among.trace");
        try (FileChannel file = FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            TraceWriter writer = new TraceWriter(file);
            writer.call(1, 0, YIELD, 100, 2, 50);
            writer.event(1, 7, 120);
            writer.call(2, 0, YIELD, 130, 1, 10);
            writer.event(1, 8, 160);
            writer.call(2, 0, YIELD, 170, 1, 30);
            writer.flush();
            writer.event(1, 9, 190);
            writer.flush();
        }
        assertThat(read(path))
                .extracting(TraceRecord::nanos)
                .containsExactly(100L, 120L, 130L, 140L, 150L, 150L, 160L, 170L, 200L, 200L);
    }

    @Test
    void shouldWriteOnceWhatIsMadeAgainAtOnce() throws IOException {
        Path path = folder.resolve("again.trace");
        long length;
        try (TraceSession session = TraceSession.start(path)) {
            long often = TracedCall.again(YIELD, TracedCall.MOST_AGAIN);
            assertThat(TracedCall.times(often)).isEqualTo(256);
            assertThat(TracedCall.once(often)).isEqualTo(YIELD);
            new TracedDomain(session, 3, 2).turn(1, 1000, SEND, often, TracedCall.again(BAD_SEND, 1));
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
        TraceSession session = new TraceSession(path, file, 64, 8);
        TracedDomain domain = new TracedDomain(session, 1, 1);
        long[] calls = new long[32];
        Arrays.fill(calls, SEND);
        long told = 0;
        while (session.dropped() == 0 || told < 100_000) {
            domain.turn(0, told, calls);
            domain.event(3, told);
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
        TracedDomain domain = new TracedDomain(session, 1, 1);
        domain.event(1, 1);
        await().atMost(10, TimeUnit.SECONDS).until(() -> !session.failure().isEmpty());
        domain.event(2, 2);
        domain.turn(0, 3, TracedCall.again(SEND, 1));
        session.close();
        assertThat(session.records()).isZero();
        assertThat(session.dropped()).isEqualTo(4);
    }

    /** Xen's own analyser understands the file. */
    @Test
    void shouldBeReadByXenalyze() throws IOException, InterruptedException {
        assumeThat(System.getenv("PATH").split(File.pathSeparator))
                .as("xenalyze (Debian: xen-utils-common)")
                .anyMatch(dir -> Files.isExecutable(Path.of(dir, "xenalyze")));
        Path path = folder.resolve("xen.trace");
        try (TraceSession session = TraceSession.start(path)) {
            TracedDomain first = new TracedDomain(session, 1, 1);
            TracedDomain second = new TracedDomain(session, 2, 1);
            for (int i = 0; i < 50; i++) {
                long nanos = System.nanoTime();
                (i % 2 == 0 ? first : second).turn(0, nanos, SEND, BAD_SEND, YIELD);
                second.event(5, nanos);
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
