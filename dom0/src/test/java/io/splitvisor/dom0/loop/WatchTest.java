// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.loop;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class WatchTest {
    private final Watch watch = new Watch();

    @Test
    void shouldNotRelieveAThreadThatHasComeBack() {
        watch.begin(Thread.currentThread());
        assertThat(watch.exit(watch.enter("this"))).isTrue();
        Thread next = new Thread();
        assertThat(watch.leave("this", () -> true, next)).as("by itself").isFalse();
        assertThat(watch.isOn(Thread.currentThread())).isTrue();
    }

    @Test
    void shouldRelieveAThreadThatIsStuck() throws InterruptedException {
        CountDownLatch in = new CountDownLatch(1);
        AtomicInteger kept = new AtomicInteger(-1);
        Thread stuck = new Thread(() -> {
            Watch.Shift shift = watch.enter("this");
            in.countDown();
            boolean interrupted = false;
            while (!interrupted) {
                Thread.onSpinWait();
                interrupted = Thread.interrupted();
            }
            kept.set(watch.exit(shift) ? 1 : 0);
        });
        watch.begin(stuck).start();
        in.await();
        Thread next = new Thread();
        assertThat(watch.leave("that", () -> true, next))
                .as("in something else")
                .isFalse();
        assertThat(watch.leave("this", () -> false, next)).as("not stuck").isFalse();
        assertThat(watch.isOn(stuck)).isTrue();
        assertThat(watch.leave("this", () -> true, next)).isTrue();
        assertThat(watch.isOn(next)).isTrue();
        stuck.join();
        assertThat(kept).hasValue(0);
    }

    /** However often somebody tries to relieve a thread that comes and goes: there is one keeper at a time. */
    @Test
    void shouldNeverHaveTwoKeepers() throws InterruptedException {
        AtomicInteger within = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        AtomicLong turns = new AtomicLong();
        AtomicInteger left = new AtomicInteger();
        Runnable keep = new Runnable() {
            @Override
            public void run() {
                boolean mine = true;
                while (mine && turns.get() < 2_000_000 && left.get() < 200) {
                    most.accumulateAndGet(within.incrementAndGet(), Math::max);
                    turns.setPlain(turns.getPlain() + 1);
                    within.decrementAndGet();
                    mine = watch.exit(watch.enter(this));
                }
            }
        };
        Thread first = new Thread(keep);
        watch.begin(first).start();
        Thread last = first;
        long end = System.nanoTime() + 5_000_000_000L;
        while (last.isAlive() && left.get() < 200 && System.nanoTime() < end) {
            Thread next = new Thread(keep);
            if (watch.leave(keep, () -> true, next)) {
                left.incrementAndGet();
                last = next;
                next.start();
            }
        }
        left.set(200);
        last.join();
        assertThat(most).hasValue(1);
        assertThat(turns.get()).isPositive();
    }
}
