// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.splitvisor.attach.DomainLayout;
import io.splitvisor.host.SharedMemory;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GuestMemoryTest {
    private static final int RAM_PAGES = 16;
    private static final long RAM = (long) RAM_PAGES * DomainLayout.PAGE_SIZE;

    private final DomainLayout layout = new DomainLayout(RAM_PAGES, 1, 1);
    private final SharedMemory shared = SharedMemory.create("splitvisor-test", layout.totalBytes());
    private final GuestMemory memory = new GuestMemory(shared, layout);

    @AfterEach
    void close() {
        shared.close();
    }

    @Test
    void shouldRefuseMemoryThatDoesNotFitTheLayout() {
        assertThatThrownBy(() -> new GuestMemory(shared, new DomainLayout(RAM_PAGES + 1, 1, 1)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "0, 1",
        "0, 65536",
        "1, 65535",
        "65535, 1",
        "65536, 0",
        "65532, 4",
        "12345, 4321",
    })
    void h2_shouldAcceptWhatLiesInRam(long address, long bytes) {
        assertThat(memory.isAccessible(address, bytes)).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "0, 65537",
        "1, 65536",
        "65535, 2",
        "65536, 1",
        "65537, 0",
        "-1, 0",
        "-1, 1",
        "-4, 4",
        "-65536, 65536",
        "0, -1",
        "8, -8",
        "9223372036854775807, 0",
        "9223372036854775807, 1",
        "9223372036854775804, 4",
        "9223372036854775800, 65536",
        "-9223372036854775808, 0",
        "-9223372036854775808, 8",
        "0, 9223372036854775807",
        "1, 9223372036854775807",
        "9223372036854775807, 9223372036854775807",
        "-9223372036854775808, -9223372036854775808",
        "4294967296, 4",
        "281474976710656, 4",
    })
    void h2_shouldRefuseWhatReachesOutsideOrWraps(long address, long bytes) {
        assertThat(memory.isAccessible(address, bytes)).isFalse();
    }

    @Test
    void h2_shouldNotReachTheSpecialPagesBehindTheRam() {
        assertThat(memory.isAccessible(DomainLayout.bytes(layout.sharedInfo()), 1))
                .isFalse();
        assertThat(memory.isAccessible(RAM - 1, 2)).isFalse();
        assertThat(memory.copyTo(DomainLayout.bytes(layout.sharedInfo()), MemorySegment.ofArray(new byte[1]), 1))
                .isFalse();
    }

    @Test
    void shouldKnowTheSpecialPagesThatXenHasTooButNotTheRings() {
        for (int frame = layout.sharedInfo(); frame < layout.vcpuControl(0); frame++) {
            assertThat(memory.machineOffset(frame)).isEqualTo(DomainLayout.bytes(frame));
        }
        assertThat(memory.machineOffset(layout.vcpuControl(0))).isEqualTo(GuestMemory.NOT_MEMORY);
        assertThat(memory.machineOffset(layout.hypercallRing(0))).isEqualTo(GuestMemory.NOT_MEMORY);
    }

    @Test
    void shouldTranslateFramesOfRam() {
        assertThat(memory.machineOffset(0)).isZero();
        assertThat(memory.machineOffset(RAM_PAGES - 1)).isEqualTo(RAM - DomainLayout.PAGE_SIZE);
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, 26, 27, 0xffff_ffffL, 1L << 52, Long.MAX_VALUE, Long.MIN_VALUE})
    void h2_shouldRefuseFramesThatTheDomainDoesNotHave(long frame) {
        assertThat(memory.machineOffset(frame)).isEqualTo(GuestMemory.NOT_MEMORY);
    }
}
