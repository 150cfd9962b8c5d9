// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.splitvisor.abi.grant.GrantEntryV1;
import io.splitvisor.abi.grant.GrantFlags;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.domu.GuestFixture;
import io.splitvisor.hypercall.Hypercalls;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class VcpuTest {
    private static final int XEN_4_17 = 4 << 16 | 17;

    @Test
    void shouldWakeEveryVcpuOverTheBellTheyShare() throws InterruptedException {
        int vcpus = 4;
        try (GuestFixture guest = new GuestFixture(vcpus)) {
            assertThat(guest.domain.vcpuCount()).isEqualTo(vcpus);
            AtomicInteger published = new AtomicInteger();
            AtomicInteger seen = new AtomicInteger();
            int port = guest.domain.events().allocUnbound(0, () -> seen.set(published.get()));
            AtomicInteger wrong = new AtomicInteger();
            List<Thread> callers = new ArrayList<>();
            for (int vcpu = 0; vcpu < vcpus; vcpu++) {
                Hypercalls calls = guest.domain.hypercalls(vcpu);
                callers.add(Thread.ofPlatform().start(() -> {
                    for (int i = 0; i < 500; i++) {
                        wrong.addAndGet(calls.xenVersion() == XEN_4_17 ? 0 : 1);
                    }
                }));
            }
            for (int round = 1; round <= 500; round++) {
                published.set(round);
                guest.dom0.raise(port);
            }
            for (Thread caller : callers) {
                caller.join();
            }
            assertThat(wrong).hasValue(0);
            await().until(() -> seen.get() == 500);
            // All of them asleep: each is woken by what is meant for it.
            for (int vcpu = 0; vcpu < vcpus; vcpu++) {
                long asleep = DomainLayout.bytes(guest.dom0.layout().vcpuControl(vcpu));
                await().until(() -> guest.dom0.memory().get(java.lang.foreign.ValueLayout.JAVA_INT, asleep) == 1);
                assertThat(guest.domain.hypercalls(vcpu).xenVersion()).isEqualTo(XEN_4_17);
            }
        }
    }

    @Test
    void g11_shouldRetryDeferredGrantsByItself() {
        try (GuestFixture guest = new GuestFixture()) {
            int frame = guest.domain.memory().allocate();
            int free = guest.domain.memory().freeFrames();
            int ref = guest.domain.grants().grantAccess(0, frame, false);
            MemorySegment memory = guest.dom0.memory();
            long entry =
                    GrantEntryV1.entry(DomainLayout.bytes(guest.dom0.layout().grantTable()), ref);
            int word = GrantEntryV1.flagsAndDomidAcquire(memory, entry);
            assertThat(GrantEntryV1.casFlagsAndDomidVolatile(memory, entry, word, word | GrantFlags.WRITING))
                    .isTrue();
            guest.domain.grants().endAccess(ref, frame);
            assertThat(guest.domain.memory().freeFrames()).isEqualTo(free);
            GrantEntryV1.clearFlagsVolatile(memory, entry, GrantFlags.WRITING);
            await().until(() -> guest.domain.memory().freeFrames() == free + 1);
            assertThat(guest.domain.grants().deferred()).isZero();
        }
    }
}
