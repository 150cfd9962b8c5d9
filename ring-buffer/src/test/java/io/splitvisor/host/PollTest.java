// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PollTest {
    @Test
    void shouldReportEachReadyDescriptorByItsPlace() {
        try (EventFd a = EventFd.create();
                EventFd b = EventFd.create();
                EventFd c = EventFd.create();
                Poll poll = new Poll(a.fd(), b.fd(), c.fd())) {
            assertThat(poll.await(0)).isZero();
            b.signal();
            assertThat(poll.await(-1)).isEqualTo(0b010);
            c.signal();
            assertThat(poll.await(1000)).isEqualTo(0b110);
            b.drain();
            assertThat(poll.await(0)).isEqualTo(0b100);
        }
    }

    @Test
    void shouldWakeAThreadThatWaits() throws InterruptedException {
        try (EventFd event = EventFd.create();
                EventFd ready = EventFd.create();
                Poll poll = new Poll(event.fd());
                Poll started = new Poll(ready.fd())) {
            int[] seen = new int[1];
            Thread waiter = new Thread(() -> {
                ready.signal();
                seen[0] = poll.await(-1);
            });
            waiter.start();
            assertThat(started.await(-1)).isOne();
            event.signal();
            waiter.join();
            assertThat(seen[0]).isOne();
        }
    }

    @Test
    void shouldWaitAsLongAsAsked() {
        try (EventFd event = EventFd.create();
                Poll poll = new Poll(event.fd())) {
            long start = System.nanoTime();
            assertThat(poll.await(20)).isZero();
            assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(19_000_000);
        }
    }

    @Test
    void shouldReportAClosedDescriptorInsteadOfWaiting() {
        EventFd event = EventFd.create();
        try (Poll poll = new Poll(-1, event.fd())) {
            event.close();
            assertThat(poll.await(-1)).as("POLLNVAL").isEqualTo(0b10);
        }
    }

    @Test
    void shouldWatchAtMostThirtyTwo() {
        EventFd[] events =
                IntStream.range(0, 32).mapToObj(i -> EventFd.create()).toArray(EventFd[]::new);
        int[] fds = IntStream.range(0, 32).map(i -> events[i].fd()).toArray();
        try (Poll poll = new Poll(fds)) {
            events[31].signal();
            assertThat(poll.await(0)).isEqualTo(1 << 31);
            assertThatIllegalArgumentException().isThrownBy(() -> new Poll(new int[33]));
        } finally {
            for (EventFd event : events) {
                event.close();
            }
        }
    }

    @Test
    void shouldThrowAfterClose() {
        try (EventFd event = EventFd.create()) {
            Poll poll = new Poll(event.fd());
            poll.close();
            assertThatIllegalStateException().isThrownBy(() -> poll.await(0));
        }
    }
}
