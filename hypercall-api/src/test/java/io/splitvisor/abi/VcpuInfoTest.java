// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;

class VcpuInfoTest {
    private static final long AT = 64;

    private final MemorySegment memory = Arena.ofAuto().allocate(256, 8);

    @Test
    void shouldSetOnlyThePendingByte() {
        assertThat(VcpuInfo.testAndSetUpcallPendingVolatile(memory, AT)).isFalse();
        assertThat(VcpuInfo.testAndSetUpcallPendingVolatile(memory, AT)).isTrue();
        assertThat(VcpuInfo.isUpcallPendingAcquire(memory, AT)).isTrue();
        assertThat(VcpuInfo.isUpcallMaskedAcquire(memory, AT)).isFalse();
        assertThat(memory.get(ValueLayout.JAVA_LONG, AT)).isEqualTo(1);
        VcpuInfo.clearUpcallPendingVolatile(memory, AT);
        assertThat(memory.get(ValueLayout.JAVA_LONG, AT)).isZero();
    }

    @Test
    void shouldSetOnlyTheMaskByte() {
        VcpuInfo.upcallMaskVolatile(memory, AT, true);
        assertThat(VcpuInfo.isUpcallMaskedAcquire(memory, AT)).isTrue();
        assertThat(memory.get(ValueLayout.JAVA_LONG, AT)).isEqualTo(0x100);
        VcpuInfo.upcallMaskVolatile(memory, AT, false);
        assertThat(VcpuInfo.isUpcallMaskedAcquire(memory, AT)).isFalse();
    }

    @Test
    void shouldTakeAllSelectedWordsAtOnce() {
        assertThat(VcpuInfo.testAndSetPendingSelVolatile(memory, AT, 0)).isFalse();
        assertThat(VcpuInfo.testAndSetPendingSelVolatile(memory, AT, 63)).isFalse();
        assertThat(VcpuInfo.testAndSetPendingSelVolatile(memory, AT, 63)).isTrue();
        assertThat(VcpuInfo.pendingSelAcquire(memory, AT)).isEqualTo(1L | 1L << 63);
        assertThat(VcpuInfo.takePendingSelVolatile(memory, AT)).isEqualTo(1L | 1L << 63);
        assertThat(VcpuInfo.pendingSelAcquire(memory, AT)).isZero();
    }

    @Test
    void shouldNeverLoseAMaskThatTheGuestStoresBesideThePendingBit() throws Exception {
        List<Integer> lost = Race.run(
                () -> {
                    for (int i = 0; i < 200_000; i++) {
                        VcpuInfo.testAndSetUpcallPendingVolatile(memory, AT);
                    }
                    return 0;
                },
                () -> {
                    int bad = 0;
                    for (int i = 0; i < 200_000; i++) {
                        boolean mask = (i & 1) == 0;
                        VcpuInfo.upcallMaskVolatile(memory, AT, mask);
                        bad += VcpuInfo.isUpcallMaskedAcquire(memory, AT) == mask ? 0 : 1;
                    }
                    return bad;
                });
        assertThat(lost).containsOnly(0);
        assertThat(VcpuInfo.isUpcallPendingAcquire(memory, AT)).isTrue();
    }

    @Test
    void shouldHandEverySelectionToTheGuestOnce() throws Exception {
        Callable<Integer> sender = () -> {
            int won = 0;
            for (int i = 0; i < 300_000; i++) {
                won += VcpuInfo.testAndSetPendingSelVolatile(memory, AT, i & 63) ? 0 : 1;
            }
            return won;
        };
        List<Integer> counts = Race.run(sender, sender, () -> {
            int taken = 0;
            for (int i = 0; i < 300_000; i++) {
                taken += Long.bitCount(VcpuInfo.takePendingSelVolatile(memory, AT));
            }
            return taken;
        });
        int left = Long.bitCount(VcpuInfo.takePendingSelVolatile(memory, AT));
        assertThat(counts.get(2) + left).isEqualTo(counts.get(0) + counts.get(1));
    }

    @Test
    void shouldNeverShowHalfAClock() throws Exception {
        long time = VcpuInfo.time(AT);
        int updates = 200_000;
        List<Integer> torn = Race.run(
                () -> {
                    for (int i = 0; i <= updates; i++) {
                        VcpuTimeInfo.beginUpdateRelease(memory, time);
                        VcpuTimeInfo.tscTimestamp(memory, time, i);
                        VcpuTimeInfo.systemTime(memory, time, 3L * i);
                        VcpuTimeInfo.tscToSystemMul(memory, time, 5 * i);
                        VcpuTimeInfo.endUpdateRelease(memory, time);
                    }
                    return 0;
                },
                () -> {
                    int bad = 0;
                    long last = 0;
                    while (last < updates) {
                        int version = VcpuTimeInfo.versionAcquire(memory, time);
                        long tsc = VcpuTimeInfo.tscTimestamp(memory, time);
                        long system = VcpuTimeInfo.systemTime(memory, time);
                        int mul = VcpuTimeInfo.tscToSystemMul(memory, time);
                        if (VcpuTimeInfo.isUnchangedSince(memory, time, version)) {
                            bad += system == 3 * tsc && mul == (int) (5 * tsc) ? 0 : 1;
                            last = tsc;
                        }
                    }
                    return bad;
                });
        assertThat(torn).containsOnly(0);
    }

    @Test
    void shouldMakeAVersionThatWasLeftOddEvenAgain() {
        VcpuTimeInfo.beginUpdateRelease(memory, AT);
        assertThat(VcpuTimeInfo.versionAcquire(memory, AT)).isEqualTo(1);
        assertThat(VcpuTimeInfo.isUnchangedSince(memory, AT, 1)).isFalse();
        VcpuTimeInfo.beginUpdateRelease(memory, AT);
        VcpuTimeInfo.endUpdateRelease(memory, AT);
        assertThat(VcpuTimeInfo.versionAcquire(memory, AT)).isEqualTo(2);
        assertThat(VcpuTimeInfo.isUnchangedSince(memory, AT, 2)).isTrue();
        assertThat(VcpuTimeInfo.isUnchangedSince(memory, AT, 0)).isFalse();
    }
}
