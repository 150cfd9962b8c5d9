// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.splitvisor.abi.DomId;
import io.splitvisor.abi.SharedInfo;
import io.splitvisor.abi.ShutdownReason;
import io.splitvisor.abi.grant.GrantFlags;
import io.splitvisor.abi.grant.GrantStatus;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.host.HostException;
import io.splitvisor.monitor.time.SystemClock;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class MonitorTest {
    private static final DomainLayout SMALL = new DomainLayout(4, 1, 1);

    private final RecordingListener listener = new RecordingListener();
    private final ManualTime time = new ManualTime();
    private final Monitor monitor = new Monitor(new RecordingDelivery(), listener, new SystemClock(time), time);

    @Test
    void shouldStateTheWallClockAtSystemTimeZeroAndFollowTheHosts() {
        Domain domain = monitor.create(SMALL);
        MemorySegment sharedInfo = domain.memory().page(SMALL.sharedInfo());
        assertThat(SharedInfo.wcSeconds(sharedInfo, 0)).isEqualTo(1_700_000_000L);
        assertThat(SharedInfo.wcNanoseconds(sharedInfo, 0)).isEqualTo(123_456_789);
        time.wallClockOffset(1_700_000_000_124_000_000L);
        monitor.clock().tick();
        assertThat(SharedInfo.wcNanoseconds(sharedInfo, 0))
                .as("no more than noise")
                .isEqualTo(123_456_789);
        time.wallClockOffset(5_000_000_001L);
        monitor.clock().tick();
        assertThat(SharedInfo.wcSeconds(sharedInfo, 0)).isEqualTo(5);
        assertThat(SharedInfo.wcNanoseconds(sharedInfo, 0)).isEqualTo(1);
        assertThat(SharedInfo.wcVersionAcquire(sharedInfo, 0) & 1).isZero();
        monitor.destroy(domain);
        time.wallClockOffset(9_000_000_000L);
        monitor.clock().tick();
    }

    @Test
    void shouldTakeFiveDescriptorsForADomainAndGiveThemBack() {
        int before = OpenDescriptors.count();
        Domain domain = monitor.create(SMALL);
        assertThat(OpenDescriptors.count()).isEqualTo(before + 5);
        monitor.destroy(domain);
        assertThat(OpenDescriptors.count()).isEqualTo(before);
        assertThat(monitor.find(domain.domid())).isNull();
        assertThat(monitor.domains()).isEmpty();
    }

    @Test
    void shouldLeaveNothingBehindWhenTheHostHasNoMoreAddresses() {
        // Each takes 1 TiB of addresses and no memory: a process has 128.
        DomainLayout huge = new DomainLayout(DomainLayout.MAX_RAM_PAGES, 1, 1);
        List<Domain> made = new ArrayList<>();
        int beforeAll = OpenDescriptors.count();
        assertThatThrownBy(() -> {
                    for (int i = 0; i < 130; i++) {
                        made.add(monitor.create(huge));
                    }
                })
                .isInstanceOf(HostException.class);
        assertThat(OpenDescriptors.count()).isEqualTo(beforeAll + 5 * made.size());
        assertThat(monitor.domains()).containsExactlyElementsOf(made);
        made.forEach(monitor::destroy);
        assertThat(OpenDescriptors.count()).isEqualTo(beforeAll);
        monitor.destroy(monitor.create(SMALL));
    }

    @Test
    void shouldDestroyOnce() {
        int before = OpenDescriptors.count();
        Domain domain = monitor.create(SMALL);
        monitor.destroy(domain);
        monitor.destroy(domain);
        assertThat(OpenDescriptors.count()).isEqualTo(before);
    }

    @Test
    void shouldDestroyOnceWhenTwoThreadsTry() throws InterruptedException {
        int before = OpenDescriptors.count();
        for (int round = 0; round < 50; round++) {
            Domain domain = monitor.create(SMALL);
            CountDownLatch start = new CountDownLatch(1);
            AtomicReference<Throwable> failure = new AtomicReference<>();
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                threads.add(Thread.ofPlatform().start(() -> {
                    try {
                        start.await();
                        monitor.destroy(domain);
                    } catch (Throwable t) {
                        failure.set(t);
                    }
                }));
            }
            start.countDown();
            for (Thread thread : threads) {
                thread.join();
            }
            assertThat(failure.get()).isNull();
        }
        assertThat(OpenDescriptors.count()).isEqualTo(before);
    }

    @Test
    void g13_shouldKeepADyingDomainWhosePagesAreInUseAndOfferNoneAnyMore() {
        Guest guest = new Guest(monitor.create(SMALL));
        guest.grant(9, GrantFlags.PERMIT_ACCESS, 0, 1);
        Domain domain = guest.domain();
        assertThat(domain.grants().pin(0, 9, true)).isEqualTo(DomainLayout.PAGE_SIZE);
        assertThatThrownBy(() -> monitor.destroy(domain)).isInstanceOf(IllegalStateException.class);
        assertThat(monitor.find(domain.domid())).isSameAs(domain);
        assertThat(domain.grants().pin(0, 9, false)).isEqualTo(GrantStatus.BAD_DOMAIN);
        // Its memory is still there for whoever uses it.
        assertThat(domain.memory().segment().get(java.lang.foreign.ValueLayout.JAVA_BYTE, DomainLayout.PAGE_SIZE))
                .isZero();
        domain.grants().unpin(9, true);
        monitor.destroy(domain);
        assertThat(monitor.find(domain.domid())).isNull();
        assertThat(domain.grants().pin(0, 9, false)).isEqualTo(GrantStatus.BAD_DOMAIN);
    }

    @Test
    void x23_shouldUseDomainNumbersInTurn() {
        Domain first = monitor.create(SMALL);
        assertThat(first.domid()).isEqualTo(1);
        monitor.destroy(first);
        Domain second = monitor.create(SMALL);
        assertThat(second.domid()).isEqualTo(2);
        monitor.destroy(second);
    }

    @Test
    void x23_shouldSkipNumbersInUseAndReservedOnesWhenTheyWrap() {
        Monitor late =
                new Monitor(new RecordingDelivery(), listener, new SystemClock(time), time, DomId.FIRST_RESERVED - 1);
        Domain last = late.create(SMALL);
        Domain first = late.create(SMALL);
        Domain second = late.create(SMALL);
        assertThat(last.domid()).isEqualTo(DomId.FIRST_RESERVED - 1);
        assertThat(first.domid()).isEqualTo(1);
        assertThat(second.domid()).isEqualTo(2);
        Monitor full =
                new Monitor(new RecordingDelivery(), listener, new SystemClock(time), time, DomId.FIRST_RESERVED - 1);
        Domain stays = full.create(SMALL);
        full.destroy(full.create(SMALL));
        assertThat(full.domains()).containsExactly(stays);
        List.of(last, first, second).forEach(late::destroy);
        full.destroy(stays);
    }

    @Test
    void shouldTellOfTheFirstEndOnly() {
        Domain domain = monitor.create(SMALL);
        assertThat(domain.ended()).isFalse();
        domain.shutdown(ShutdownReason.REBOOT.code());
        domain.crash("too late");
        domain.shutdown(ShutdownReason.POWEROFF.code());
        assertThat(domain.ended()).isTrue();
        assertThat(listener.endings()).containsExactly("1 shutdown " + ShutdownReason.REBOOT.code());
        monitor.destroy(domain);
    }
}
