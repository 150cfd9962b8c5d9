// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.BitSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PollerTest {
    @Test
    void shouldReportTokensOfReadyDescriptorsUntilTheyAreDrained() {
        try (Poller poller = new Poller();
                EventFd a = EventFd.create();
                EventFd b = EventFd.create()) {
            poller.add(a.fd(), Integer.MIN_VALUE);
            poller.add(b.fd(), 77);
            assertThat(poller.await(0)).isZero();
            b.signal();
            assertThat(poller.await(-1)).isOne();
            assertThat(poller.token(0)).isEqualTo(77);
            assertThat(poller.await(0)).as("level-triggered").isOne();
            b.drain();
            a.signal();
            assertThat(poller.await(0)).isOne();
            assertThat(poller.token(0)).isEqualTo(Integer.MIN_VALUE);
        }
    }

    @Test
    void shouldServeMoreDescriptorsThanFitOneAnswer() {
        EventFd[] events =
                IntStream.range(0, 150).mapToObj(i -> EventFd.create()).toArray(EventFd[]::new);
        try (Poller poller = new Poller()) {
            for (int i = 0; i < events.length; i++) {
                poller.add(events[i].fd(), i);
                events[i].signal();
            }
            BitSet seen = new BitSet();
            int rounds = 0;
            for (int ready = poller.await(0); ready > 0; ready = poller.await(0)) {
                assertThat(ready).isLessThanOrEqualTo(64);
                for (int i = 0; i < ready; i++) {
                    seen.set(poller.token(i));
                    events[poller.token(i)].drain();
                }
                rounds++;
            }
            assertThat(seen.cardinality()).isEqualTo(150);
            assertThat(rounds).isEqualTo(3);
        } finally {
            for (EventFd event : events) {
                event.close();
            }
        }
    }

    @Test
    void shouldForgetWhatIsRemoved() {
        try (Poller poller = new Poller();
                EventFd event = EventFd.create()) {
            poller.add(event.fd(), 1);
            assertThatExceptionOfType(HostException.class)
                    .isThrownBy(() -> poller.add(event.fd(), 2))
                    .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EEXIST));
            event.signal();
            poller.remove(event.fd());
            assertThat(poller.await(0)).isZero();
            assertThatExceptionOfType(HostException.class)
                    .isThrownBy(() -> poller.remove(event.fd()))
                    .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.ENOENT));
            poller.add(event.fd(), 3);
            assertThat(poller.await(0)).isOne();
            assertThat(poller.token(0)).isEqualTo(3);
        }
    }

    @Test
    void shouldLetAnotherThreadAddWhileOneWaits() throws InterruptedException {
        try (Poller poller = new Poller();
                EventFd event = EventFd.create()) {
            event.signal();
            int[] token = new int[1];
            Thread waiter = new Thread(() -> {
                if (poller.await(-1) == 1) {
                    token[0] = poller.token(0);
                }
            });
            waiter.start();
            poller.add(event.fd(), 5);
            waiter.join();
            assertThat(token[0]).isEqualTo(5);
        }
    }

    @Test
    void shouldThrowAfterClose() {
        try (EventFd event = EventFd.create()) {
            Poller poller = new Poller();
            poller.close();
            assertThatIllegalStateException().isThrownBy(() -> poller.await(0));
            assertThatExceptionOfType(HostException.class).isThrownBy(() -> poller.add(event.fd(), 1));
        }
    }
}
