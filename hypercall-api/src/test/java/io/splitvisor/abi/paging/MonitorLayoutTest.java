// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.paging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.splitvisor.attach.DomainLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Where things lie in the monitor memfd, and what its header says. */
class MonitorLayoutTest {
    private final DomainLayout domain = new DomainLayout(3000, 4, 2);
    private final MonitorLayout layout = domain.monitorLayout(2000, 1500);
    private final MemorySegment memory = MemorySegment.ofArray(new long[(int) (layout.bytes() / Long.BYTES)]);

    @Test
    void shouldPutOneThingAfterTheOther() {
        assertThat(layout.p2mPage()).isEqualTo(2);
        assertThat(layout.p2mFrames()).isGreaterThanOrEqualTo(layout.machinePages());
        assertThat(layout.m2pPage()).isEqualTo(2 + layout.p2mFrames() / 1024);
        assertThat(layout.ownerPage()).isEqualTo(layout.m2pPage() + layout.p2mFrames() / 1024);
        assertThat(layout.poolPage()).isEqualTo(layout.ownerPage() + 2);
        assertThat(layout.bytes()).isEqualTo((layout.poolPage() + 1500) * 4096L);
    }

    @Test
    void shouldTellWhereThingsLie() {
        MonitorHeader.write(memory, layout, PagingMode.SHADOW, MonitorHeader.TRAP_EVERY_WRITE, 2);
        assertThat(MonitorHeader.layout(memory)).isEqualTo(layout);
        assertThat(MonitorHeader.mode(memory)).isEqualTo(PagingMode.SHADOW);
        assertThat(MonitorHeader.trapsEveryWrite(memory)).isTrue();
        MonitorHeader.newGenerationRelease(memory);
        assertThat(MonitorHeader.generationAcquire(memory)).isEqualTo(2);
        MonitorHeader.vcpuRelease(memory, 31, MonitorHeader.EFER, 7);
        assertThat(MonitorHeader.vcpuAcquire(memory, 31, MonitorHeader.EFER)).isEqualTo(7);
    }

    @Test
    void shouldHaveRoomForEveryVcpuAndCounter() {
        long vcpus = MonitorHeader.VCPU + 32L * MonitorHeader.VCPU_BYTES;
        assertThat(vcpus).isLessThanOrEqualTo(layout.p2mPage() * 4096L);
        assertThat(MonitorHeader.COUNTERS + 8L * PagingCounter.values().length).isLessThanOrEqualTo(MonitorHeader.VCPU);
    }

    @Test
    void shouldRefuseWhatItDoesNotKnow() {
        assertThatThrownBy(() -> MonitorHeader.layout(memory)).isInstanceOf(IllegalArgumentException.class);
        MonitorHeader.write(memory, layout, PagingMode.EPT, 0, 2);
        memory.set(ValueLayout.JAVA_INT, MonitorHeader.VERSION_AT, 2);
        assertThatThrownBy(() -> MonitorHeader.layout(memory)).isInstanceOf(IllegalArgumentException.class);
        MonitorHeader.write(memory, layout, PagingMode.EPT, 0, 2);
        memory.set(ValueLayout.JAVA_INT, MonitorHeader.POOL_PAGES, 1501);
        assertThatThrownBy(() -> MonitorHeader.layout(memory)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> PagingMode.of(4)).isInstanceOf(IllegalArgumentException.class);
        assertThat(PagingMode.named("npt")).isNull();
    }

    @Test
    void shouldLookUpWhatWasNeverWritten() {
        assertThat(layout.lookup(memory, layout.p2mPage(), 1999)).isEqualTo(1999);
        assertThat(layout.lookup(memory, layout.p2mPage(), 2000)).isEqualTo(MonitorLayout.NOTHING);
        assertThat(layout.lookup(memory, layout.p2mPage(), domain.sharedInfo())).isEqualTo(domain.sharedInfo());
        assertThat(layout.lookup(memory, layout.p2mPage(), domain.vcpuControl(0)))
                .isEqualTo(MonitorLayout.NOTHING);
        memory.set(ValueLayout.JAVA_INT, 2 * 4096 + 5 * 4, 43);
        assertThat(layout.lookup(memory, layout.p2mPage(), 5)).isEqualTo(42);
        memory.set(ValueLayout.JAVA_INT, 2 * 4096 + 5 * 4, MonitorLayout.NOTHING);
        assertThat(layout.lookup(memory, layout.p2mPage(), 5)).isEqualTo(MonitorLayout.NOTHING);
    }

    @ParameterizedTest
    @CsvSource({
        // entry; level; misconfigured
        "0x0, 1, false",
        "0x37, 1, false",
        "0x32, 1, true",
        "0x36, 2, true",
        "0x17, 1, true",
        "0x1f, 1, true",
        "0x3f, 1, true",
        "0x7, 2, false",
        "0x37, 2, true",
        "0xb7, 2, false",
        "0x200b7, 2, true",
        "0x2000b7, 2, false",
        "0x2000b7, 3, true",
        "0x400000b7, 3, false",
        "0x87, 4, true",
        "0x7, 4, false"
    })
    void shouldKnowEntriesThatMakeNoSense(String entry, int level, boolean misconfigured) {
        assertThat(ExtendedEntry.isMisconfigured(Long.decode(entry), level)).isEqualTo(misconfigured);
    }
}
