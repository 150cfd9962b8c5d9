// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.awaitility.Awaitility.await;

import io.splitvisor.abi.XenErrno;
import io.splitvisor.dom0.trace.TraceRecord.Call;
import io.splitvisor.dom0.trace.TraceRecord.Other;
import io.splitvisor.hypercall.HypercallOp;
import io.splitvisor.monitor.trace.TracedCall;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that grow, end early, are damaged, or were made to harm. */
class TraceReaderTest {
    private static final long SEND = TracedCall.pack(HypercallOp.EVTCHNOP_SEND.ordinal(), 0, 7);
    private static final long BAD_SEND = TracedCall.pack(HypercallOp.EVTCHNOP_SEND.ordinal(), -XenErrno.EINVAL, -1);
    private static final long NONSENSE = TracedCall.pack(TracedCall.UNKNOWN, -XenErrno.ENOSYS, 63);

    @TempDir
    private Path folder;

    @Test
    void shouldReadAFileThatGrows() throws IOException {
        Path path = folder.resolve("grows.trace");
        try (TraceSession session = TraceSession.start(path);
                TraceReader reader = new TraceReader(path)) {
            List<TraceRecord> records = new ArrayList<>();
            assertThat(reader.next(records::add)).isFalse();
            for (int i = 1; i <= 3; i++) {
                new TracedDomain(session, 1, 1).turn(0, i, BAD_SEND);
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
                new TracedDomain(session, i % 3, 1).turn(0, i, SEND, BAD_SEND, NONSENSE);
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

    @Test
    void shouldBelieveAFileNoMoreThanARecordCanSay() throws IOException {
        ByteBuffer window = ByteBuffer.allocate(256).order(ByteOrder.LITTLE_ENDIAN);
        // Of nothing; then of a call, four billion times before it was made, and an error of two words.
        window.putInt(TraceFormat.header(TraceFormat.AGAIN, 2, false)).putInt(5).putInt(0);
        window.putInt(TraceFormat.header(TraceFormat.FAILED, 1, false)).putInt(22);
        window.putInt(TraceFormat.header(TraceFormat.HYPERCALL, 1, true))
                .putLong(9)
                .putInt(29);
        window.putInt(TraceFormat.header(TraceFormat.AGAIN, 2, false))
                .putInt(-1)
                .putInt(-1);
        window.putInt(TraceFormat.header(TraceFormat.FAILED, 2, false))
                .putInt(1)
                .putInt(1);
        List<TraceRecord> records = new ArrayList<>();
        try (TraceReader reader = new TraceReader(file(window.flip()))) {
            assertThat(reader.next(records::add)).isTrue();
            assertThat(reader.atEnd()).isTrue();
        }
        assertThat(records).filteredOn(Other.class::isInstance).hasSize(3);
        assertThat(records).filteredOn(Call.class::isInstance).hasSize(1);

        window.clear()
                .putInt(TraceFormat.header(TraceFormat.HYPERCALL, 1, true))
                .putLong(9)
                .putInt(29);
        for (int i = 0; i < 2; i++) {
            window.putInt(TraceFormat.header(TraceFormat.AGAIN, 2, false))
                    .putInt(0x7fff_ffff)
                    .putInt(0x7fff_ffff);
        }
        long[] count = new long[1];
        try (TraceReader reader = new TraceReader(file(window.flip()))) {
            assertThat(reader.next(_ -> count[0]++)).isTrue();
        }
        assertThat(count[0])
                .as("calls, and a record that belongs to none")
                .isLessThanOrEqualTo(TraceFormat.MOST_AGAIN + 2);
    }

    /** A file of one window. */
    private Path file(ByteBuffer window) throws IOException {
        ByteBuffer whole = ByteBuffer.allocate(TraceFormat.WINDOW_HEADER + window.remaining())
                .order(ByteOrder.LITTLE_ENDIAN);
        whole.putInt(TraceFormat.header(TraceFormat.CPU_CHANGE, 2, false))
                .putInt(0)
                .putInt(window.remaining());
        whole.put(window);
        return Files.write(folder.resolve("made.trace"), whole.array());
    }

    @Test
    void shouldNotMakeRoomForAWindowThatIsNotThere() throws IOException {
        ByteBuffer whole = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
        whole.putInt(TraceFormat.header(TraceFormat.CPU_CHANGE, 2, false))
                .putInt(0)
                .putInt(1 << 24);
        Path path = Files.write(folder.resolve("long.trace"), whole.array());
        try (TraceReader reader = new TraceReader(path)) {
            assertThat(reader.next(_ -> {})).isFalse();
            assertThat(reader.atEnd()).isFalse();
        }
        whole.putInt(2 * Integer.BYTES, -1);
        Files.write(path, whole.array());
        try (TraceReader reader = new TraceReader(path)) {
            assertThatIOException().isThrownBy(() -> reader.next(_ -> {}));
        }
    }
}
