// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import org.junit.jupiter.api.Test;

class EventFdTest {
    @Test
    void shouldRememberSignalsUntilDrained() {
        try (EventFd event = EventFd.create()) {
            assertThat(event.drain()).isFalse();
            event.signal();
            event.signal();
            assertThat(event.drain()).isTrue();
            assertThat(event.drain()).isFalse();
        }
    }

    @Test
    void shouldCountSignalsThatNobodyDrained() {
        EventFd event = EventFd.create();
        try (event;
                EventFd pipe = EventFd.createOneWay()) {
            assertThat(event.signals()).isZero();
            for (int i = 0; i < 20; i++) {
                event.signal();
            }
            assertThat(event.signals()).isEqualTo(20);
            event.drain();
            assertThat(event.signals()).isZero();
            assertThat(pipe.signals()).isEqualTo(-1);
        }
        assertThat(event.signals()).isEqualTo(-1);
    }

    @Test
    void shouldStaySignalledWhenTheCounterIsFull() {
        try (EventFd event = EventFd.create()) {
            // /proc allows no write to an eventfd, so fill the counter the way a hostile peer would: by a large write.
            EventFdCounter.add(event.fd(), 0xfffffffffffffffeL);
            event.signal();
            assertThat(event.drain()).isTrue();
            assertThat(event.drain()).isFalse();
        }
    }

    @Test
    void shouldFailAfterCloseInsteadOfReachingSomebodyElse() {
        EventFd event = EventFd.create();
        int number = event.fd();
        event.close();
        try (EventFd other = EventFd.create()) {
            assertThat(other.fd())
                    .as("the system hands the lowest free number out again")
                    .isEqualTo(number);
            assertThatExceptionOfType(HostException.class)
                    .isThrownBy(event::signal)
                    .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EBADF));
            assertThat(event.drain()).isFalse();
            assertThat(event.fd()).isEqualTo(-1);
            event.close();
            other.signal();
            assertThat(other.drain()).as("still open, and signalled once").isTrue();
        }
    }

    @Test
    void shouldNeverBlockTheRingerOfAOneWayBell() {
        try (EventFd bell = EventFd.createOneWay()) {
            assertThat(bell.drain()).isFalse();
            // A pipe holds 8192 signals that nobody reads.
            for (int i = 0; i < 10_000; i++) {
                bell.signal();
            }
            assertThat(bell.drain()).isTrue();
        }
    }

    @Test
    void shouldTakeOverADescriptorThatAPeerCreated() {
        EventFd creator = EventFd.create();
        try (EventFd taken = EventFd.of(creator.fd())) {
            creator.signal();
            assertThat(taken.drain()).isTrue();
        }
    }
}
