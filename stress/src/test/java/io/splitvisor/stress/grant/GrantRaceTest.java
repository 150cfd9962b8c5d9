// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.stress.grant;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.grant.GnttabCopy;
import io.splitvisor.abi.grant.GnttabCopyPtr;
import io.splitvisor.abi.grant.GrantCopyFlags;
import io.splitvisor.abi.grant.GrantStatus;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.domu.grant.GrantCopies;
import io.splitvisor.domu.grant.GrantTable;
import io.splitvisor.domu.memory.GuestMemory;
import io.splitvisor.monitor.grant.GrantCopy;
import io.splitvisor.monitor.grant.GrantTables;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The real granter against the real monitor, at the same time. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class GrantRaceTest {
    private static final DomainLayout LAYOUT = new DomainLayout(64, 2, 1);
    private static final int ROUNDS = 100_000;

    /** A page that its granter got back is used by nobody, and stays so until it is granted again. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void g5_shouldNeverUseAPageThatItsGranterGotBack(int version) throws Exception {
        try (TwoDomains domains = new TwoDomains(LAYOUT)) {
            GrantTable grants = new GrantTable(domains.front.memory(), () -> {}, domains.front.hypercalls());
            if (version == 2) {
                assertThat(grants.useVersion2()).isZero();
            }
            int ref = grants.reserve();
            AtomicBoolean stop = new AtomicBoolean();
            AtomicInteger users = new AtomicInteger();
            AtomicInteger uses = new AtomicInteger();
            io.splitvisor.monitor.grant.GrantTable table =
                    domains.front.domain().grants();
            Thread user = Thread.ofPlatform().start(() -> {
                for (int i = 0; !stop.get(); i++) {
                    boolean writable = (i & 1) == 0;
                    if (table.pin(0, ref, writable) >= 0) {
                        users.incrementAndGet();
                        uses.incrementAndGet();
                        users.decrementAndGet();
                        table.unpin(ref, writable);
                    }
                }
            });
            int refused = 0;
            try {
                // On few processors the two threads may not have met yet.
                for (int round = 0; round < ROUNDS || uses.get() < 100 || refused == 0; round++) {
                    grants.grant(ref, 0, 5, false);
                    while (!grants.revoke(ref)) {
                        refused++;
                        Thread.onSpinWait();
                    }
                    assertThat(users.get()).as("round %d", round).isZero();
                    assertThat(grants.inUse(ref) && table.inUse() > 0).isFalse();
                }
            } finally {
                stop.set(true);
                user.join();
            }
            assertThat(table.inUse()).isZero();
            assertThat(grants.inUse(ref)).isFalse();
        }
    }

    /** Two domains whose grants lead to each other, and two that copy through them in both directions. */
    @Test
    void g20_shouldNotStopWhenTransitiveGrantsCross() throws Exception {
        try (TwoDomains domains = new TwoDomains(LAYOUT)) {
            io.splitvisor.monitor.grant.GrantTable a = domains.front.domain().grants();
            io.splitvisor.monitor.grant.GrantTable b = domains.driver.domain().grants();
            int aId = domains.front.domid();
            int bId = domains.driver.domid();
            int caller = 99;
            GrantTable aGrants = new GrantTable(domains.front.memory(), () -> {}, domains.front.hypercalls());
            GrantTable bGrants = new GrantTable(domains.driver.memory(), () -> {}, domains.driver.hypercalls());
            assertThat(aGrants.useVersion2()).isZero();
            assertThat(bGrants.useVersion2()).isZero();
            int aPage = aGrants.grantAccess(bId, 9, false);
            int bPage = bGrants.grantAccess(aId, 9, false);
            int aVia = aGrants.reserve();
            int bVia = bGrants.reserve();
            aGrants.grantVia(aVia, caller, bId, bPage, false);
            bGrants.grantVia(bVia, caller, aId, aPage, false);
            GrantTables tables = domid -> domid == aId ? a : domid == bId ? b : null;
            AtomicReference<Throwable> failure = new AtomicReference<>();
            AtomicInteger copied = new AtomicInteger();
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                boolean forth = i % 2 == 0;
                threads.add(Thread.ofPlatform().start(() -> {
                    try {
                        MemorySegment op = Arena.ofAuto().allocate(GnttabCopy.SIZE, 8);
                        end(op, GnttabCopy.source(0), forth ? aId : bId, forth ? aVia : bVia);
                        end(op, GnttabCopy.dest(0), forth ? bId : aId, forth ? bVia : aVia);
                        GnttabCopy.len(op, 0, 64);
                        GnttabCopy.flags(op, 0, GrantCopyFlags.SOURCE_GREF | GrantCopyFlags.DEST_GREF);
                        GrantCopy copy = new GrantCopy();
                        for (int round = 0; round < ROUNDS / 4; round++) {
                            int status = copy.copy(caller, a, tables, op);
                            if (status == GrantStatus.OKAY) {
                                copied.incrementAndGet();
                            } else if (status != GrantCopy.AGAIN) {
                                throw new AssertionError("status " + status);
                            }
                        }
                    } catch (Throwable t) {
                        failure.set(t);
                    }
                }));
            }
            for (Thread thread : threads) {
                thread.join();
            }
            assertThat(failure.get()).isNull();
            assertThat(copied.get()).isGreaterThan(ROUNDS / 4);
            assertThat(a.inUse()).isZero();
            assertThat(b.inUse()).isZero();
            for (GrantTable grants : List.of(aGrants, bGrants)) {
                assertThat(grants.inUse(aVia)).isFalse();
                assertThat(grants.inUse(aPage)).isFalse();
            }
            assertThat(a.setVersion(1)).as("no operation of version 2 is left").isZero();
            assertThat(b.setVersion(1)).isZero();
        }
    }

    private static void end(MemorySegment op, long at, int domid, int ref) {
        GnttabCopyPtr.gmfn(op, at, ref);
        GnttabCopyPtr.domid(op, at, domid);
        GnttabCopyPtr.offset(op, at, 0);
    }

    /** A domain that dies while another copies from it all the time: every copy is done or refused, and it goes. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void g13_shouldDieWhileOthersCopy(long seed) throws Exception {
        try (TwoDomains domains = new TwoDomains(LAYOUT)) {
            GrantTable grants = new GrantTable(domains.front.memory(), () -> {}, domains.front.hypercalls());
            int ref = grants.grantAccess(domains.driver.domid(), 9, false);
            GuestMemory own = domains.driver.memory();
            int buffer = own.allocate();
            try (GrantCopies copies = new GrantCopies(own, domains.driver.hypercalls(), 64)) {
                for (int i = 0; i < 64; i++) {
                    copies.read(domains.front.domid(), ref, 0, GuestMemory.address(buffer), GuestMemory.PAGE_SIZE);
                }
                assertThat(copies.run()).isZero();
                AtomicInteger calls = new AtomicInteger();
                Thread killer = Thread.ofPlatform().start(() -> {
                    while (calls.get() < 20 * seed) {
                        Thread.onSpinWait();
                    }
                    domains.destroyFront();
                });
                int failed = 0;
                while (failed < 64) {
                    failed = copies.run();
                    calls.incrementAndGet();
                }
                killer.join();
                assertThat(copies.status(63)).isEqualTo(GrantStatus.BAD_DOMAIN);
            }
            assertThat(domains.monitor.find(domains.front.domid())).isNull();
        }
    }
}
