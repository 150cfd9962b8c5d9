// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.DomId;
import io.splitvisor.abi.Hypercall;
import io.splitvisor.abi.MulticallEntry;
import io.splitvisor.abi.SchedOp;
import io.splitvisor.abi.SharedInfo;
import io.splitvisor.abi.evtchn.EventChannelOp;
import io.splitvisor.abi.grant.GrantFlags;
import io.splitvisor.abi.grant.GrantTableOp;
import io.splitvisor.attach.CallMarker;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.monitor.Guest;
import io.splitvisor.monitor.Hypervisor;
import io.splitvisor.monitor.grant.ForeignMappings;
import io.splitvisor.monitor.grant.GrantTable;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Two guests that write anything into their rings, arguments, shared_info and grant tables, while a third goes on with its
 * events and grants as if they were not there. With {@code -Dsplitvisor.long=true} it goes on for minutes.
 */
class HypercallFuzzPropertyTest {
    private static final boolean LONG = Boolean.getBoolean("splitvisor.long");
    private static final long NANOS = TimeUnit.MILLISECONDS.toNanos(LONG ? 60_000 : 800);
    private static final DomainLayout LAYOUT = new DomainLayout(16, 1, 1);
    private static final long RAM = (long) LAYOUT.ramPages() * DomainLayout.PAGE_SIZE;

    /** Values at which arithmetic goes wrong. */
    private static final long[] EDGES = {
        0,
        1,
        -1,
        RAM,
        RAM - 1,
        RAM - 4,
        RAM - 8,
        RAM - 24,
        RAM + DomainLayout.PAGE_SIZE,
        Integer.MAX_VALUE,
        Integer.MIN_VALUE,
        0xffff_ffffL,
        1L << 32,
        Long.MAX_VALUE,
        Long.MIN_VALUE,
        Long.MAX_VALUE - 7,
        CallMarker.HANDED_OVER,
        DomId.SELF,
        SharedInfo.EVTCHN_CHANNELS
    };

    /** A hostile guest, and the worker that serves it. */
    private static final class Attacker {
        private final Guest guest;
        private final HypercallRing ring;
        private int producer;

        private Attacker(Hypervisor hypervisor) {
            guest = hypervisor.guest(LAYOUT);
            ring = new HypercallRing(guest.domain(), 0, hypervisor.table());
        }

        private MemorySegment pages() {
            return guest.domain().memory().pages(LAYOUT.hypercallRing(0), DomainLayout.HYPERCALL_RING_PAGES);
        }
    }

    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private long served;
    private int replaced;

    @ParameterizedTest
    @ValueSource(longs = {101, 102, 103})
    @Timeout(value = 10, unit = TimeUnit.MINUTES)
    void shouldNotLetTwoHostileGuestsDisturbAThird(long seed) {
        try (Hypervisor hypervisor = new Hypervisor()) {
            Bystander bystander = new Bystander(hypervisor);
            Random random = new Random(seed);
            Attacker[] attackers = {new Attacker(hypervisor), new Attacker(hypervisor)};
            long end = System.nanoTime() + NANOS;
            while (System.nanoTime() < end) {
                for (int i = 0; i < attackers.length; i++) {
                    attack(hypervisor, attackers[i], attackers[1 - i].guest.domid(), random);
                    attackers[i] = successor(hypervisor, attackers[i]);
                }
                bystander.work();
            }
            assertThat(hypervisor.endings()).noneMatch(ending -> ending.contains("in the monitor"));
            assertThat(served).isGreaterThan(1000);
            assertThat(replaced).isPositive();
            bystander.close();
        }
    }

    /** The memory of a hostile guest changes while its calls are served: what a single thread cannot do. */
    @ParameterizedTest
    @ValueSource(longs = {201, 202})
    @Timeout(value = 10, unit = TimeUnit.MINUTES)
    void shouldNotLetAGuestDisturbOthersByRewritingItsMemoryUnderTheMonitorsHands(long seed)
            throws InterruptedException {
        try (Hypervisor hypervisor = new Hypervisor()) {
            Bystander bystander = new Bystander(hypervisor);
            long end = System.nanoTime() + NANOS;
            Random random = new Random(seed);
            while (System.nanoTime() < end && failure.get() == null) {
                Attacker[] attackers = {new Attacker(hypervisor), new Attacker(hypervisor)};
                rewriteWhile(attackers[0].guest, random.nextLong(), () -> {
                    for (int round = 0;
                            round < 500 && !attackers[0].guest.domain().ended();
                            round++) {
                        attack(hypervisor, attackers[0], attackers[1].guest.domid(), random);
                        attack(hypervisor, attackers[1], attackers[0].guest.domid(), random);
                        bystander.work();
                    }
                });
                for (Attacker attacker : attackers) {
                    hypervisor.monitor().destroy(attacker.guest.domain());
                }
            }
            assertThat(failure.get()).isNull();
            assertThat(hypervisor.endings()).noneMatch(ending -> ending.contains("in the monitor"));
            bystander.close();
        }
    }

    private void rewriteWhile(Guest guest, long seed, Runnable work) throws InterruptedException {
        AtomicReference<Boolean> stop = new AtomicReference<>(false);
        Thread rewriter = Thread.ofPlatform().start(() -> {
            try {
                Random random = new Random(seed);
                MemorySegment memory = guest.memory();
                while (!stop.get()) {
                    long at = random.nextLong(memory.byteSize() / 8) * 8;
                    // Not the indices: a ring that overflows ends the game at once, and has tests of its own.
                    if (at != DomainLayout.bytes(LAYOUT.hypercallRing(0))) {
                        memory.set(ValueLayout.JAVA_LONG, at, edge(random));
                    }
                }
            } catch (Throwable t) {
                failure.set(t);
            }
        });
        try {
            work.run();
        } finally {
            stop.set(true);
            rewriter.join();
        }
    }

    private void attack(Hypervisor hypervisor, Attacker attacker, int accomplice, Random random) {
        Guest guest = attacker.guest;
        scribble(guest, accomplice, random);
        MemorySegment pages = attacker.pages();
        int count = random.nextInt(40);
        for (int i = 0; i < count; i++) {
            long at = 64 + (long) (attacker.producer++ & 127) * MulticallEntry.SIZE;
            entry(pages, at, random);
        }
        handOver(attacker, random);
        if (random.nextInt(2000) == 0) {
            attacker.producer += random.nextInt();
        }
        pages.set(ValueLayout.JAVA_INT, 0, attacker.producer);
        for (int moved = attacker.ring.serve(); moved > 0; moved = attacker.ring.serve()) {
            assertThat(moved).isLessThanOrEqualTo(32);
            served += moved;
        }
        // Time passes, and an event comes, now and then: a guest that waits in a call, as it may, goes on.
        hypervisor.time().advance(random.nextInt(1_000_000));
        if (random.nextInt(8) == 0) {
            guest.domain().vcpu(0).endWait();
        }
        if (random.nextInt(4) == 0) {
            attacker.ring.arm();
        }
        if (guest.domain().ended()) {
            assertThat(attacker.ring.arm()).isFalse();
        }
    }

    /** Calls beyond the index that are said to be there: none, one as it may be, or many. Their words are what is left there. */
    private void handOver(Attacker attacker, Random random) {
        int beyond = random.nextInt(4) > 0 ? random.nextInt(2) : random.nextInt(100) == 0 ? random.nextInt(128) : 0;
        for (int i = 0; i < beyond; i++) {
            long at = 64 + (long) (attacker.producer + i & 127) * MulticallEntry.SIZE;
            MulticallEntry.resultRelease(attacker.pages(), at, CallMarker.HANDED_OVER);
        }
        if (random.nextInt(4) == 0) {
            // It follows later: with the next calls.
            attacker.producer += Math.min(beyond, 1);
            attacker.pages().set(ValueLayout.JAVA_INT, 0, attacker.producer - Math.min(beyond, 1));
            served += attacker.ring.serve();
        }
    }

    private Attacker successor(Hypervisor hypervisor, Attacker attacker) {
        if (!attacker.guest.domain().ended()) {
            return attacker;
        }
        hypervisor.monitor().destroy(attacker.guest.domain());
        replaced++;
        return new Attacker(hypervisor);
    }

    private static void entry(MemorySegment pages, long at, Random random) {
        long number =
                switch (random.nextInt(8)) {
                    case 0 -> random.nextLong();
                    case 1 -> random.nextInt(64);
                    case 7 -> random.nextBoolean() ? Hypercall.VCPU_OP : Hypercall.SET_TIMER_OP;
                    case 2 -> Hypercall.GRANT_TABLE_OP;
                    case 3 -> Hypercall.XEN_VERSION;
                    case 4 -> random.nextInt(40) == 0 ? Hypercall.SCHED_OP : Hypercall.EVENT_CHANNEL_OP;
                    default -> Hypercall.EVENT_CHANNEL_OP;
                };
        MulticallEntry.op(pages, at, number);
        MulticallEntry.args(pages, at, 0, random.nextInt(10) == 0 ? edge(random) : random.nextInt(14));
        MulticallEntry.args(pages, at, 1, random.nextInt(6) == 0 ? edge(random) : random.nextLong(RAM));
        MulticallEntry.args(pages, at, 2, random.nextInt(6) == 0 ? edge(random) : random.nextInt(33));
        for (int i = 3; i < MulticallEntry.NR_ARGS; i++) {
            MulticallEntry.args(pages, at, i, random.nextLong());
        }
    }

    /** Fills some memory with what could be arguments: small numbers, domains, addresses, edges. */
    private static void scribble(Guest guest, int accomplice, Random random) {
        MemorySegment memory = guest.memory();
        for (int i = 0; i < 200; i++) {
            long at = random.nextLong(RAM / 4) * 4;
            memory.set(
                    ValueLayout.JAVA_INT,
                    at,
                    switch (random.nextInt(6)) {
                        case 0 -> (int) edge(random);
                        case 1 -> accomplice;
                        case 2 -> DomId.SELF;
                        case 3 -> DomId.SELF | accomplice << 16;
                        default -> random.nextInt(64);
                    });
        }
        guest.grant(random.nextInt(16), random.nextInt(1 << 16), random.nextInt(4), random.nextInt(32));
        MemorySegment info = guest.sharedInfo();
        info.set(ValueLayout.JAVA_LONG, random.nextLong(SharedInfo.SIZE / 8) * 8, random.nextLong());
    }

    private static long edge(Random random) {
        long edge = EDGES[random.nextInt(EDGES.length)];
        return random.nextInt(4) == 0 ? edge + random.nextInt(17) - 8 : edge;
    }

    /** A guest that behaves, with a channel to Dom0 and pages that Dom0 maps. */
    private static final class Bystander {
        private static final int REFS = 8;

        private final Hypervisor hypervisor;
        private final Guest guest;
        private final HypercallRing ring;
        private final ForeignMappings mappings;
        private final int port;
        private final int dom0Port;
        private int rounds;

        private Bystander(Hypervisor hypervisor) {
            this.hypervisor = hypervisor;
            guest = hypervisor.guest();
            ring = new HypercallRing(guest.domain(), 0, hypervisor.table());
            GrantTable grants = guest.domain().grants();
            mappings = new ForeignMappings(grants, 0, REFS);
            port = guest.domain().events().allocUnbound(0);
            dom0Port = hypervisor.monitor().dom0Events().bindInterdomain(guest.domid(), port);
        }

        private void work() {
            int ref = rounds++ % REFS;
            long value = rounds * 31L;
            guest.grant(ref, GrantFlags.PERMIT_ACCESS, 0, ref + 1);
            guest.memory().set(ValueLayout.JAVA_LONG, (ref + 1L) * DomainLayout.PAGE_SIZE, value);
            int handle = mappings.map(ref, true);
            assertThat(mappings.memory().get(ValueLayout.JAVA_LONG, mappings.offset(handle)))
                    .isEqualTo(value);
            assertThat(mappings.unmap(handle)).isZero();
            assertThat(guest.grantFlags(ref)).isEqualTo(GrantFlags.PERMIT_ACCESS);

            int before = hypervisor.dom0().raised(dom0Port);
            guest.memory().set(ValueLayout.JAVA_INT, 0, port);
            guest.stage(Hypercall.EVENT_CHANNEL_OP, EventChannelOp.SEND, 0);
            guest.stage(Hypercall.GRANT_TABLE_OP, GrantTableOp.QUERY_SIZE, 64, 1);
            guest.stage(Hypercall.SCHED_OP, SchedOp.YIELD);
            guest.push();
            assertThat(ring.serve()).isEqualTo(3);
            assertThat(guest.results()).containsExactly(0L, 0L, 0L);
            assertThat(hypervisor.dom0().raised(dom0Port)).isEqualTo(before + 1);
            hypervisor.monitor().dom0Events().send(dom0Port);
            assertThat(guest.takeEvents()).containsExactly(port);
            assertThat(guest.domain().ended()).isFalse();
        }

        private void close() {
            mappings.close();
        }
    }
}
