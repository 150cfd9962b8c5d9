// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class SharedInfoTest {
    /** The structure does not start at 0, so that an offset that forgets where it starts is found. */
    private static final long AT = 4096;

    private final MemorySegment memory = Arena.ofAuto().allocate(3 * 4096, 4096);

    @Test
    void shouldSetTheBitOfEachPortWhereCWould() {
        for (int port = 0; port < SharedInfo.EVTCHN_CHANNELS; port++) {
            assertThat(SharedInfo.testAndSetPendingVolatile(memory, AT, port)).isFalse();
            assertThat(SharedInfo.testAndSetPendingVolatile(memory, AT, port)).isTrue();
            assertThat(SharedInfo.isPendingAcquire(memory, AT, port)).isTrue();
            assertOnlyBit(SharedInfo.EVTCHN_PENDING, port);
            assertThat(SharedInfo.testAndClearPendingVolatile(memory, AT, port)).isTrue();
            assertThat(SharedInfo.testAndClearPendingVolatile(memory, AT, port)).isFalse();
        }
        assertThat(memory.toArray(ValueLayout.JAVA_BYTE)).containsOnly(0);
    }

    @Test
    void shouldMaskTheBitOfEachPortWhereCWould() {
        for (int port = 0; port < SharedInfo.EVTCHN_CHANNELS; port++) {
            assertThat(SharedInfo.testAndSetMaskVolatile(memory, AT, port)).isFalse();
            assertThat(SharedInfo.testAndSetMaskVolatile(memory, AT, port)).isTrue();
            assertThat(SharedInfo.isMaskedAcquire(memory, AT, port)).isTrue();
            assertOnlyBit(SharedInfo.EVTCHN_MASK, port);
            assertThat(SharedInfo.testAndClearMaskVolatile(memory, AT, port)).isTrue();
            assertThat(SharedInfo.testAndClearMaskVolatile(memory, AT, port)).isFalse();
        }
        assertThat(memory.toArray(ValueLayout.JAVA_BYTE)).containsOnly(0);
    }

    @Test
    void shouldShowOnlyUnmaskedPortsAsActive() {
        SharedInfo.testAndSetPendingVolatile(memory, AT, 64);
        SharedInfo.testAndSetPendingVolatile(memory, AT, 65);
        SharedInfo.testAndSetPendingVolatile(memory, AT, 127);
        SharedInfo.testAndSetMaskVolatile(memory, AT, 65);
        assertThat(SharedInfo.activeWordVolatile(memory, AT, 1)).isEqualTo(1L | 1L << 63);
        assertThat(SharedInfo.activeWordVolatile(memory, AT, 0)).isZero();
        SharedInfo.maskWordRelease(memory, AT, 1, -1L);
        assertThat(SharedInfo.maskWordAcquire(memory, AT, 1)).isEqualTo(-1L);
        assertThat(SharedInfo.activeWordVolatile(memory, AT, 1)).isZero();
    }

    @Test
    void shouldAgreeWithAModelOfTheBitmaps() {
        Random random = new Random(42);
        boolean[] pending = new boolean[SharedInfo.EVTCHN_CHANNELS];
        boolean[] masked = new boolean[SharedInfo.EVTCHN_CHANNELS];
        for (int step = 0; step < 200_000; step++) {
            int port = random.nextInt(pending.length);
            boolean[] model = random.nextBoolean() ? pending : masked;
            boolean before = model[port];
            model[port] = random.nextBoolean();
            assertThat(change(model == pending, model[port], port)).isEqualTo(before);
        }
        for (int port = 0; port < pending.length; port++) {
            assertThat(SharedInfo.isPendingAcquire(memory, AT, port)).isEqualTo(pending[port]);
            assertThat(SharedInfo.isMaskedAcquire(memory, AT, port)).isEqualTo(masked[port]);
        }
    }

    @Test
    void shouldGiveEachBitToOneOfSeveralSenders() throws Exception {
        for (int round = 0; round < 20; round++) {
            Callable<Integer> sender = () -> {
                int won = 0;
                for (int port = 0; port < SharedInfo.EVTCHN_CHANNELS; port++) {
                    won += SharedInfo.testAndSetPendingVolatile(memory, AT, port) ? 0 : 1;
                }
                return won;
            };
            List<Integer> won = Race.run(sender, sender, sender);
            assertThat(won.stream().mapToInt(it -> it).sum()).isEqualTo(SharedInfo.EVTCHN_CHANNELS);
            Callable<Integer> receiver = () -> {
                int taken = 0;
                for (int port = 0; port < SharedInfo.EVTCHN_CHANNELS; port++) {
                    taken += SharedInfo.testAndClearPendingVolatile(memory, AT, port) ? 1 : 0;
                }
                return taken;
            };
            assertThat(Race.run(receiver, receiver).stream().mapToInt(it -> it).sum())
                    .isEqualTo(SharedInfo.EVTCHN_CHANNELS);
        }
    }

    @Test
    void shouldLoseNoNeighbourInTheSameWord() throws Exception {
        Race.run(toggler(0), toggler(1), toggler(63));
        assertThat(SharedInfo.pendingWordAcquire(memory, AT, 0)).isZero();
    }

    @Test
    void shouldNeverLoseTheLastEvent() throws Exception {
        int last = 200_000;
        long data = 2 * 4096;
        Semaphore bell = new Semaphore(0);
        AtomicInteger rung = new AtomicInteger();
        List<Integer> seen = Race.run(
                () -> {
                    for (int i = 1; i <= last; i++) {
                        memory.set(ValueLayout.JAVA_INT, data, i);
                        if (!SharedInfo.testAndSetPendingVolatile(memory, AT, 7)) {
                            rung.incrementAndGet();
                            bell.release();
                        }
                    }
                    return last;
                },
                () -> {
                    int value = 0;
                    while (value < last && bell.tryAcquire(20, TimeUnit.SECONDS)) {
                        SharedInfo.testAndClearPendingVolatile(memory, AT, 7);
                        value = memory.get(ValueLayout.JAVA_INT, data);
                    }
                    return value;
                });
        assertThat(seen).containsExactly(last, last);
        assertThat(rung).hasPositiveValue();
    }

    @Test
    void shouldNeverShowHalfAWallClock() throws Exception {
        int updates = 200_000;
        List<Integer> torn = Race.run(
                () -> {
                    for (int i = 0; i <= updates; i++) {
                        SharedInfo.wallClockRelease(memory, AT, (long) i << 32 | i, i);
                    }
                    return 0;
                },
                () -> {
                    int bad = 0;
                    int last = 0;
                    while (last < updates) {
                        int version = SharedInfo.wcVersionAcquire(memory, AT);
                        long seconds = SharedInfo.wcSeconds(memory, AT);
                        int nanoseconds = SharedInfo.wcNanoseconds(memory, AT);
                        if (SharedInfo.isWallClockUnchangedSince(memory, AT, version)) {
                            bad += (int) seconds == nanoseconds && seconds >>> 32 == nanoseconds ? 0 : 1;
                            last = nanoseconds;
                        }
                    }
                    return bad;
                });
        assertThat(torn).containsOnly(0);
        assertThat(SharedInfo.wcVersionAcquire(memory, AT)).isEqualTo(2 * (updates + 1));
    }

    @Test
    void shouldKeepSecondsBeyond32Bits() {
        SharedInfo.wallClockRelease(memory, AT, 0x1_ffff_fff0L, 999_999_999);
        assertThat(SharedInfo.wcSeconds(memory, AT)).isEqualTo(0x1_ffff_fff0L);
        assertThat(SharedInfo.wcNanoseconds(memory, AT)).isEqualTo(999_999_999);
        assertThat(memory.get(ValueLayout.JAVA_INT, AT + SharedInfo.WC_SEC)).isEqualTo(-16);
        assertThat(memory.get(ValueLayout.JAVA_INT, AT + SharedInfo.WC_SEC_HI)).isEqualTo(1);
    }

    private Callable<Integer> toggler(int port) {
        return () -> {
            for (int i = 0; i < 100_000; i++) {
                assertThat(SharedInfo.testAndSetPendingVolatile(memory, AT, port))
                        .isFalse();
                assertThat(SharedInfo.testAndClearPendingVolatile(memory, AT, port))
                        .isTrue();
            }
            return port;
        };
    }

    private boolean change(boolean pending, boolean set, int port) {
        if (pending) {
            return set
                    ? SharedInfo.testAndSetPendingVolatile(memory, AT, port)
                    : SharedInfo.testAndClearPendingVolatile(memory, AT, port);
        }
        return set
                ? SharedInfo.testAndSetMaskVolatile(memory, AT, port)
                : SharedInfo.testAndClearMaskVolatile(memory, AT, port);
    }

    private void assertOnlyBit(long bitmap, int port) {
        byte[] expected = new byte[(int) memory.byteSize()];
        expected[(int) (AT + bitmap) + port / 8] = (byte) (1 << port % 8);
        assertThat(Arrays.equals(memory.toArray(ValueLayout.JAVA_BYTE), expected))
                .isTrue();
    }
}
