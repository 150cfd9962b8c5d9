// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.loop;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.backend.RingWorker;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** On a clock that stands still but for what the workers do. */
class FairShareTest {
    private long now;
    private long looks;

    private final FairShare shares = new FairShare(() -> {
        looks++;
        return now;
    });

    /** One ring: it always has work that takes so long, or never any. */
    private final class Ring implements RingWorker {
        private final int domid;
        private final long nanos;
        private final FairShare.Account account;
        private long used;
        private long turns;
        private boolean standsBack;

        private Ring(int domid, long nanos) {
            this.domid = domid;
            this.nanos = nanos;
            this.account = shares.account(this);
            shares.activated(account);
        }

        @Override
        public int domid() {
            return domid;
        }

        @Override
        public int serve() {
            now += nanos;
            used += nanos;
            turns++;
            return nanos > 0 ? 1 : 0;
        }

        @Override
        public boolean arm() {
            return false;
        }

        @Override
        public void failed(RuntimeException cause) {
            throw new AssertionError(cause);
        }
    }

    /** A round of the loop; returns how long it took. */
    private long round(List<Ring> rings) {
        long start = now;
        shares.beginRound();
        for (Ring ring : rings) {
            if (shares.mayRun(ring.account, ring.standsBack) && ring.serve() > 0) {
                shares.worked(ring.account, ring.standsBack);
            }
        }
        return now - start;
    }

    @Test
    void shouldShareALoopEquallyWhateverTheNumberOfRingsAndThePriceOfCalls() {
        Ring one = new Ring(1, 800);
        List<Ring> rings = new ArrayList<>(List.of(one));
        List<Ring> many = new ArrayList<>();
        for (int i = 0; i < 128; i++) {
            many.add(new Ring(2, 3_000));
        }
        rings.addAll(many);
        Ring expensive = new Ring(3, 300_000);
        rings.add(expensive);
        for (int i = 0; i < 30_000; i++) {
            round(rings);
        }
        long greedy = many.stream().mapToLong(ring -> ring.used).sum();
        assertThat(one.turns)
                .as("one that stays within its share is never left out")
                .isEqualTo(30_000);
        assertThat((double) greedy / expensive.used).isBetween(0.9, 1.1);
        assertThat(greedy).isLessThanOrEqualTo(30_001 * FairShare.QUANTUM_NANOS);
        assertThat(expensive.used).isLessThanOrEqualTo(30_001 * FairShare.QUANTUM_NANOS + expensive.nanos);
    }

    @Test
    void shouldServeHypercallsInBurstsWhileAnotherDomainMovesData() {
        Ring flood = new Ring(1, 1_000);
        flood.standsBack = true;
        Ring disk = new Ring(2, 1_000);
        long begin = now;
        long longestPause = 0;
        long pause = 0;
        long before = 0;
        while (now - begin < 10_000_000) {
            long start = now;
            round(List.of(flood, disk));
            pause = flood.turns == before ? pause + now - start : 0;
            longestPause = Math.max(longestPause, pause);
            before = flood.turns;
        }
        assertThat((double) flood.used / (now - begin))
                .isBetween(0.6 / HypercallCredit.SHARE, 1.0 / HypercallCredit.SHARE + 0.01);
        assertThat(longestPause)
                .as("the caller has time to fall asleep")
                .isGreaterThan(HypercallCredit.BURST_NANOS * 3)
                .isLessThanOrEqualTo(HypercallCredit.BURST_NANOS * (HypercallCredit.SHARE + 1));
        assertThat(disk.turns).isGreaterThan(6_000);
        assertThat(shares.heldCallsBack()).isTrue();
    }

    @Test
    void shouldNotLimitHypercallsWhileNobodyElseMovesData() {
        Ring flood = new Ring(1, 1_000);
        Ring other = new Ring(2, 1_000);
        flood.standsBack = true;
        other.standsBack = true;
        for (int i = 0; i < 1000; i++) {
            round(List.of(flood, other));
        }
        assertThat(flood.turns).isEqualTo(1000);
        assertThat(other.turns).isEqualTo(1000);
        assertThat(shares.heldCallsBack()).isFalse();
        Ring disk = new Ring(2, 1_000);
        round(List.of(disk));
        now += FairShare.MOVES_NANOS;
        for (int i = 0; i < 200; i++) {
            round(List.of(flood));
        }
        assertThat(flood.turns).isEqualTo(1200);
    }

    @Test
    void shouldStandBackForAWhileAfterANeighbourHasHadItsData() {
        Ring flood = new Ring(1, 1_000);
        flood.standsBack = true;
        Ring disk = new Ring(2, 1_000);
        round(List.of(flood, disk));
        shares.retired(disk.account);
        long end = now + FairShare.MOVES_NANOS;
        long before = flood.used;
        while (now < end) {
            now += 100;
            round(List.of(flood));
        }
        assertThat((double) (flood.used - before) / FairShare.MOVES_NANOS)
                .isBetween(0.6 / HypercallCredit.SHARE, 1.0 / HypercallCredit.SHARE + 0.1);
        before = flood.turns;
        now += 1;
        for (int i = 0; i < 1000; i++) {
            round(List.of(flood));
        }
        assertThat(flood.turns - before).as("then it is alone").isEqualTo(1000);
    }

    @Test
    void shouldNotLimitADomainBecauseOfItsOwnData() {
        Ring flood = new Ring(1, 1_000);
        flood.standsBack = true;
        Ring disk = new Ring(1, 1_000);
        Ring idle = new Ring(2, 0);
        for (int i = 0; i < 1000; i++) {
            round(List.of(flood, disk, idle));
        }
        assertThat(flood.turns).isEqualTo(1000);
    }

    @Test
    void shouldKeepEveryRoundShortForAnotherDomain() {
        Ring victim = new Ring(1, 0);
        List<Ring> rings = new ArrayList<>(List.of(victim));
        for (int i = 0; i < 128; i++) {
            rings.add(new Ring(2, 5_000));
        }
        long longest = 0;
        for (int i = 0; i < 1000; i++) {
            longest = Math.max(longest, round(rings));
        }
        // Without a share it would be 128 * 5 us.
        assertThat(longest).isLessThanOrEqualTo(FairShare.QUANTUM_NANOS + 5_000);
    }

    @Test
    void shouldChargeNothingWhileADomainIsAlone() {
        List<Ring> rings = List.of(new Ring(1, 50_000), new Ring(1, 50_000));
        for (int i = 0; i < 100; i++) {
            assertThat(round(rings)).isEqualTo(100_000);
        }
        assertThat(looks).isZero();
    }

    @Test
    void shouldForgiveWhatIsOwedWhenADomainHasBeenIdle() {
        Ring other = new Ring(1, 100);
        Ring held = new Ring(2, 1_000_000_000);
        round(List.of(other, held));
        assertThat(round(List.of(other, held))).isEqualTo(100);
        shares.retired(held.account);
        Ring again = new Ring(2, 500);
        assertThat(round(List.of(other, again))).isEqualTo(600);
    }

    @Test
    void shouldNotMakeADomainPayForEverForOneLongTurn() {
        Ring other = new Ring(1, 100);
        Ring held = new Ring(2, 1_000_000_000);
        List<Ring> rings = List.of(other, held);
        round(rings);
        int rounds = 0;
        while (held.turns == 1) {
            round(rings);
            rounds++;
        }
        assertThat(rounds).isEqualTo((int) (FairShare.MOST_DEBT_NANOS / FairShare.QUANTUM_NANOS) + 1);
    }

    @Test
    void shouldGiveWorkersOfNoDomainAShareOfTheirOwn() {
        Ring one = new Ring(RingWorker.NO_DOMAIN, 100_000);
        Ring other = new Ring(RingWorker.NO_DOMAIN, 100);
        List<Ring> rings = List.of(one, other);
        for (int i = 0; i < 10; i++) {
            round(rings);
        }
        assertThat(one.turns).isEqualTo(1);
        assertThat(other.turns).isEqualTo(10);
    }
}
