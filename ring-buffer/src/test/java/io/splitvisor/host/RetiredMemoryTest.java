// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;

import io.splitvisor.host.SharedMemory.Window;
import io.splitvisor.ring.BackRing;
import io.splitvisor.ring.FrontRing;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What becomes of memory that is closed while somebody may still use its addresses. */
@Timeout(120)
class RetiredMemoryTest {
    private static final int PAGE = SharedMemory.PAGE_SIZE;
    private static final int SLOT = 112;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** A line of {@code /proc/self/maps}. */
    private record Area(long begin, long end, String text) {
        static Area of(String line) {
            String[] ends = line.substring(0, line.indexOf(' ')).split("-");
            return new Area(Long.parseUnsignedLong(ends[0], 16), Long.parseUnsignedLong(ends[1], 16), line);
        }

        static List<Area> all() {
            try (Stream<String> lines = Files.lines(Path.of("/proc/self/maps"))) {
                return lines.map(Area::of).toList();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        /** Whether one mapping has all of a range: nothing else of this process takes the place of one so large. */
        static boolean covers(long address, long bytes) {
            return all().stream().anyMatch(area -> area.begin <= address && address + bytes <= area.end);
        }
    }

    private static long residentSharedBytes() throws IOException {
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/status"))) {
            String line =
                    lines.filter(l -> l.startsWith("RssShmem:")).findFirst().orElseThrow();
            return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
        }
    }

    private static void collect() {
        System.gc();
        RetiredMemory.sweep();
    }

    @Test
    void shouldFindOneScopeInAllSegmentsOfAnArena() {
        try (Arena arena = Arena.ofShared();
                SharedMemory memory = SharedMemory.create("scopes", 2L * PAGE)) {
            assertThat(memory.segment().reinterpret(8, arena, _ -> {}).scope()).isSameAs(arena.scope());
            MemorySegment whole = memory.segment();
            assertThat(List.of(
                            whole.asSlice(PAGE, 8),
                            whole.asReadOnly(),
                            whole.asReadOnly().asSlice(8),
                            whole.reinterpret(16),
                            MemorySegment.ofBuffer(whole.asByteBuffer())))
                    .allSatisfy(slice -> assertThat(slice.scope()).isSameAs(whole.scope()));
        }
    }

    @Test
    void shouldReadZeroesAndWriteNowhereAfterClosing() {
        SharedMemory memory = SharedMemory.create("closed", 2L * PAGE);
        Window other = memory.window(0);
        FrontRing front = FrontRing.init(memory.segment().asSlice(0, PAGE), SLOT);
        MemorySegment slot = front.claimRequest();
        slot.set(ValueLayout.JAVA_LONG, 8, 77);
        front.pushRequests();
        memory.close();
        assertThatIllegalStateException().isThrownBy(() -> front.memory().get(ValueLayout.JAVA_INT, 0));
        assertThat(slot.get(ValueLayout.JAVA_LONG, 8)).isZero();
        slot.set(ValueLayout.JAVA_LONG, 8, 78);
        front.claimRequest().fill((byte) 1);
        front.pushRequests();
        assertThat(front.takeableResponses()).isZero();
        BackRing back = BackRing.init(other.segment(), SLOT);
        assertThat(back.takeableRequests())
                .as("what was published before, and nothing after")
                .isOne();
        assertThat(back.takeRequest().get(ValueLayout.JAVA_LONG, 8)).isEqualTo(77);
        other.close();
        assertThat(back.takeRequest().get(ValueLayout.JAVA_LONG, 8)).isZero();
    }

    @Test
    void shouldRefuseRingsInMemoryThatMayNotBeUsedWithoutACheck() {
        SharedMemory memory = SharedMemory.create("closed", PAGE);
        MemorySegment segment = memory.segment();
        assertThatIllegalArgumentException().isThrownBy(() -> BackRing.init(segment.asReadOnly(), SLOT));
        assertThatIllegalArgumentException().isThrownBy(() -> BackRing.init(segment.asSlice(2), SLOT));
        assertThatIllegalArgumentException().isThrownBy(() -> FrontRing.attach(segment.asReadOnly(), SLOT, 0, 0));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> FrontRing.attach(MemorySegment.ofArray(new long[PAGE / 8]), SLOT, 0, 0));
        assertThatIllegalArgumentException().isThrownBy(() -> BackRing.resume(segment.asSlice(0, 64), SLOT));
        memory.close();
        assertThatIllegalStateException().isThrownBy(() -> BackRing.init(segment, SLOT));
        assertThatIllegalStateException().isThrownBy(() -> BackRing.resume(segment, SLOT));
    }

    /** Uses rings without end, however closed they are. */
    private static final class Straggler extends Thread {
        private volatile FrontRing front;
        private volatile BackRing back;
        private volatile long uses;
        private volatile boolean stopped;
        private final MemorySegment copy = Arena.ofAuto().allocate(32L * SLOT, 8);

        @Override
        public void run() {
            while (!stopped) {
                FrontRing to = front;
                BackRing from = back;
                for (int i = 0; i < 16 && to != null && from != null; i++) {
                    to.claimRequest().fill((byte) i);
                    to.pushRequestsAndCheckNotify();
                    int requests = from.takeableRequests();
                    if (requests > 0) {
                        from.copyRequests(copy, requests);
                        from.claimResponse().set(ValueLayout.JAVA_LONG, 0, i);
                        from.pushResponsesAndCheckNotify();
                    }
                    to.takeResponse().get(ValueLayout.JAVA_LONG, 0);
                    to.finalCheckForResponses();
                }
                uses++;
            }
        }

        private void use(SharedMemory memory, Window window) {
            front = FrontRing.init(memory.segment(), SLOT);
            back = BackRing.init(window.segment(), SLOT);
        }

        private void awaitUse() {
            long before = uses;
            while (uses - before < 2) {
                Thread.onSpinWait();
            }
        }
    }

    @Test
    void shouldNeverFaultWhileOthersCloseIt() throws InterruptedException {
        Straggler straggler = new Straggler();
        straggler.start();
        try {
            for (int round = 0; round < 1500; round++) {
                SharedMemory memory = SharedMemory.create("closing", PAGE);
                Window window = memory.window(0);
                straggler.use(memory, window);
                if (round % 2 == 0) {
                    straggler.awaitUse();
                }
                memory.close();
                window.close();
                if (round % 500 == 0) {
                    // What the straggler still uses stays, and the rest goes.
                    collect();
                    straggler.awaitUse();
                }
            }
        } finally {
            straggler.stopped = true;
            straggler.join();
        }
        assertThat(straggler.uses).isGreaterThan(1500);
    }

    @Test
    void shouldGivePagesBackAtOnce() throws IOException {
        long bytes = 64L << 20;
        SharedMemory memory = SharedMemory.create("returned", bytes);
        FrontRing ring = FrontRing.init(memory.segment(), SLOT);
        memory.segment().fill((byte) 1);
        long before = residentSharedBytes();
        memory.close();
        assertThat(residentSharedBytes()).isLessThan(before - bytes / 2);
        assertThat(Area.all()).noneMatch(area -> area.text.contains("memfd:returned"));
        assertThat(Area.covers(ring.memory().address(), bytes)).as("addresses").isTrue();
        Reference.reachabilityFence(ring);
    }

    /** Closes memory of a ring; nobody has the ring afterwards. */
    private static long retire(long bytes) {
        try (SharedMemory memory = SharedMemory.create("retired", bytes)) {
            return FrontRing.init(memory.segment(), SLOT).memory().address();
        }
    }

    @Test
    void shouldUnmapWhatNobodyCanReach() {
        long bytes = 512L << 20;
        SharedMemory memory = SharedMemory.create("reached", bytes);
        BackRing reached = BackRing.init(memory.segment().asSlice(PAGE, PAGE), SLOT);
        long reachedAt = memory.segment().address();
        memory.close();
        memory = null;
        long forgottenAt = retire(bytes);
        assertThat(Area.covers(forgottenAt, bytes)).isTrue();
        await().atMost(PATIENCE).until(() -> {
            collect();
            return !Area.covers(forgottenAt, bytes);
        });
        assertThat(Area.covers(reachedAt, bytes)).as("what a ring lies in").isTrue();
        assertThat(reached.takeRequest().get(ValueLayout.JAVA_LONG, 0)).isZero();
        Reference.reachabilityFence(reached);
    }

    @Test
    void shouldNotGrowOverManyRounds() {
        int before = Area.all().size();
        int most = 0;
        for (int round = 0; round < 10_000; round++) {
            try (SharedMemory memory = SharedMemory.create("round", PAGE);
                    Window window = memory.window(0)) {
                FrontRing.init(window.segment(), SLOT).pushRequests();
            }
            if (round % 500 == 0) {
                most = Math.max(most, Area.all().size());
            }
        }
        assertThat(most - before).as("mappings meanwhile").isLessThan(4000);
        await().atMost(PATIENCE).until(() -> {
            collect();
            return Area.all().size() - before < 100;
        });
    }
}
