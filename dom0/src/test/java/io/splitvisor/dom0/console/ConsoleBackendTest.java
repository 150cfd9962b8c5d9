// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.console;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.NANOSECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.anyLong;
import static org.mockito.ArgumentMatchers.eq;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.never;
import static org.mockito.Mockito.times;
import static org.mockito.Mockito.verify;

import io.splitvisor.abi.io.XenconsInterface;
import io.splitvisor.backend.EventChannel;
import io.splitvisor.backend.IoLoop;
import io.splitvisor.backend.RingWorker;
import io.splitvisor.ring.ByteRing;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ScheduledExecutorService;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.mockito.ArgumentCaptor;

class ConsoleBackendTest {
    private static final int IN = XenconsInterface.IN_BYTES;
    private static final int OUT = XenconsInterface.OUT_BYTES;

    /** A loop that remembers, and runs tasks at once. */
    private static final class StillLoop implements IoLoop {
        private final List<RingWorker> woken = new ArrayList<>();
        private final List<RingWorker> forgotten = new ArrayList<>();

        @Override
        public void wake(RingWorker worker) {
            woken.add(worker);
        }

        @Override
        public void forget(RingWorker worker) {
            forgotten.add(worker);
        }

        @Override
        public void execute(Runnable task) {
            task.run();
        }

        @Override
        public boolean inLoop() {
            return true;
        }
    }

    private final StillLoop loop = new StillLoop();
    private final ScheduledExecutorService timer = mock();
    private final EventChannel channel = mock();
    private final MemorySegment page = Arena.ofAuto().allocate(4096, 4096);
    private final ByteRing guestOut = XenconsInterface.out(page, 0);
    private final ByteRing guestIn = XenconsInterface.in(page, 0);
    private final ConsoleBackend console = new ConsoleBackend(3, page, loop, timer);

    @BeforeEach
    void connect() {
        console.connect(channel);
        loop.woken.clear();
    }

    private void print(byte[] bytes) {
        assertThat(guestOut.write(bytes, 0, bytes.length)).isEqualTo(bytes.length);
    }

    private byte[] readInput() {
        byte[] bytes = new byte[IN];
        int count = guestIn.read(bytes, 0, bytes.length);
        return Arrays.copyOf(bytes, count);
    }

    private void indices(long consumer, int consumed, long producer, int produced) {
        page.set(ValueLayout.JAVA_INT, consumer, consumed);
        page.set(ValueLayout.JAVA_INT, producer, produced);
    }

    @Test
    void shouldServeNothingBeforeItIsConnected() {
        ConsoleBackend early = new ConsoleBackend(4, page, loop, timer);
        print("too early".getBytes(US_ASCII));
        assertThat(early.serve()).isZero();
        assertThat(early.arm()).isFalse();
    }

    @Test
    void shouldRememberAndPassOnWhatTheGuestPrints() {
        ByteArrayOutputStream heard = new ByteArrayOutputStream();
        print("before ".getBytes(US_ASCII));
        assertThat(console.serve()).isEqualTo(7);
        byte[] history = console.listen(heard::writeBytes);
        assertThat(history).asString(US_ASCII).isEqualTo("before ");
        print("after".getBytes(US_ASCII));
        assertThat(console.serve()).isEqualTo(5);
        assertThat(heard.toString(US_ASCII)).isEqualTo("after");
        assertThat(console.history()).asString(US_ASCII).isEqualTo("before after");
        verify(channel, times(2)).send();
        assertThat(console.serve()).isZero();
        verify(channel, times(2)).send();
    }

    @Test
    void shouldGiveEachListenerItsOwnCopyUntilItLeaves() {
        List<byte[]> first = new ArrayList<>();
        List<byte[]> second = new ArrayList<>();
        ConsoleBackend.Listener leaver = first::add;
        console.listen(leaver);
        console.listen(second::add);
        print(new byte[] {1, 2});
        console.serve();
        first.getFirst()[0] = 99;
        assertThat(second.getFirst()).containsExactly(1, 2);
        console.unlisten(leaver);
        print(new byte[] {3});
        console.serve();
        assertThat(first).hasSize(1);
        assertThat(second).hasSize(2);
        assertThat(console.history()).containsExactly(1, 2, 3);
    }

    @Test
    void c4_shouldTakeAnyBytesForWhatTheyAre() {
        byte[] all = new byte[256];
        for (int i = 0; i < all.length; i++) {
            all[i] = (byte) i;
        }
        print(all);
        console.serve();
        assertThat(console.history()).isEqualTo(all);
        console.type(all);
        console.serve();
        assertThat(readInput()).isEqualTo(all);
    }

    @Test
    void shouldTypeAtTheGuestAsFarAsItReads() {
        byte[] typed = new byte[ConsoleBackend.INPUT_BYTES + 100];
        new Random(8).nextBytes(typed);
        console.type(typed);
        assertThat(loop.woken).containsExactly(console);
        assertThat(console.inputDropped()).isEqualTo(100);
        ByteArrayOutputStream read = new ByteArrayOutputStream();
        while (console.serve() > 0) {
            read.writeBytes(readInput());
        }
        assertThat(read.toByteArray()).isEqualTo(Arrays.copyOf(typed, ConsoleBackend.INPUT_BYTES));
    }

    @Test
    void c6_shouldDropInputForAGuestThatNeverReads() {
        for (int i = 0; i < 100; i++) {
            console.type(new byte[1000]);
            console.serve();
        }
        assertThat(guestIn.readable()).isEqualTo(IN);
        assertThat(console.inputDropped()).isEqualTo(100_000 - IN - ConsoleBackend.INPUT_BYTES);
        assertThat(console.serve()).isZero();
    }

    @Test
    void c6_shouldNotHoldTheGuestUpWhileNobodyReads() {
        byte[] flood = new byte[OUT];
        for (int i = 0; i < 20; i++) {
            print(flood);
            assertThat(console.serve()).isEqualTo(OUT);
        }
        assertThat(console.history()).hasSize(20 * OUT);
        for (int i = 0; i < 9; i++) {
            print(flood);
            assertThat(console.serve()).isEqualTo(OUT);
        }
        assertThat(console.history()).hasSizeLessThanOrEqualTo(ConsoleBackend.HISTORY_BYTES);
    }

    @ParameterizedTest
    @CsvSource({"0, 2049", "0, -1", "5, 4", "0, 2147483647", "2147483647, -1", "100, 0"})
    void c1_shouldMoveNothingWhenTheOutputIndicesAreImpossible(int consumed, int produced) {
        indices(XenconsInterface.OUT_CONS.offset(), consumed, XenconsInterface.OUT_PROD.offset(), produced);
        assertThat(console.serve()).isZero();
        assertThat(console.arm()).isFalse();
        assertThat(page.get(ValueLayout.JAVA_INT, XenconsInterface.OUT_CONS.offset()))
                .isEqualTo(consumed);
        assertThat(console.history()).isEmpty();
        verify(channel, never()).send();
        // A guest that puts it right is served again; what is typed reached it all the while.
        console.type(new byte[] {7});
        assertThat(console.serve()).isEqualTo(1);
        assertThat(readInput()).containsExactly(7);
        indices(XenconsInterface.OUT_CONS.offset(), 0, XenconsInterface.OUT_PROD.offset(), 0);
        print(new byte[] {1, 2, 3});
        assertThat(console.serve()).isEqualTo(3);
    }

    @ParameterizedTest
    @CsvSource({"0, 1025", "0, -1", "9, 8", "2147483647, -1"})
    void c1_shouldMoveNothingWhenTheInputIndicesAreImpossible(int consumed, int produced) {
        indices(XenconsInterface.IN_CONS.offset(), consumed, XenconsInterface.IN_PROD.offset(), produced);
        console.type(new byte[] {1, 2});
        assertThat(console.serve()).isZero();
        assertThat(page.get(ValueLayout.JAVA_INT, XenconsInterface.IN_PROD.offset()))
                .isEqualTo(produced);
        print(new byte[] {4});
        assertThat(console.serve()).isEqualTo(1);
        indices(XenconsInterface.IN_CONS.offset(), 0, XenconsInterface.IN_PROD.offset(), 0);
        assertThat(console.serve()).isEqualTo(2);
        assertThat(readInput()).containsExactly(1, 2);
    }

    @Test
    void shouldGoOnPastTheEndOfTheIndices() {
        indices(XenconsInterface.OUT_CONS.offset(), -3, XenconsInterface.OUT_PROD.offset(), -3);
        print(new byte[] {1, 2, 3, 4, 5, 6});
        assertThat(console.serve()).isEqualTo(6);
        assertThat(console.history()).containsExactly(1, 2, 3, 4, 5, 6);
        assertThat(page.get(ValueLayout.JAVA_INT, XenconsInterface.OUT_CONS.offset()))
                .isEqualTo(3);
    }

    @Test
    void c2_shouldLetAFloodRestUntilThePeriodIsOver() {
        int rounds = 0;
        for (; rounds < 1000; rounds++) {
            print(new byte[] {'x'});
            if (console.serve() == 0) {
                break;
            }
        }
        assertThat(rounds).isEqualTo(30);
        // Nothing is served, and the loop may sleep.
        assertThat(console.serve()).isZero();
        assertThat(console.arm()).isFalse();
        ArgumentCaptor<Runnable> end = ArgumentCaptor.captor();
        ArgumentCaptor<Long> rest = ArgumentCaptor.captor();
        verify(timer).schedule(end.capture(), rest.capture(), eq(NANOSECONDS));
        assertThat(rest.getValue()).isBetween(0L, MILLISECONDS.toNanos(200));
        loop.woken.clear();
        end.getValue().run();
        assertThat(loop.woken).containsExactly(console);
        assertThat(console.serve()).isPositive();
        assertThat(console.history()).hasSize(rounds + 1);
    }

    @Test
    void c2_shouldNotCountRoundsInWhichNothingMoved() {
        for (int i = 0; i < 1000; i++) {
            assertThat(console.serve()).isZero();
        }
        verify(timer, never()).schedule(any(Runnable.class), anyLong(), any());
        print(new byte[] {1});
        assertThat(console.serve()).isEqualTo(1);
    }

    @Test
    void shouldStayActiveIfSomethingWasPrintedWhileItWasArmed() {
        assertThat(console.arm()).isFalse();
        print(new byte[] {1});
        assertThat(console.arm()).isTrue();
    }

    @Test
    void shouldTakeTheLastWordsAndThenBeQuiet() {
        print("last words".getBytes(US_ASCII));
        console.disconnect();
        assertThat(console.history()).asString(US_ASCII).isEqualTo("last words");
        verify(channel).close();
        assertThat(loop.forgotten).containsExactly(console);
        print("too late".getBytes(US_ASCII));
        assertThat(console.serve()).isZero();
        assertThat(console.arm()).isFalse();
        console.disconnect();
        verify(channel).close();
    }

    @Test
    void shouldNotComeBackIntoTheLoopAfterItsEnd() {
        for (int i = 0; i < 30; i++) {
            print(new byte[] {'x'});
            console.serve();
        }
        ArgumentCaptor<Runnable> endOfRest = ArgumentCaptor.captor();
        verify(timer).schedule(endOfRest.capture(), anyLong(), any());
        console.disconnect();
        loop.woken.clear();
        endOfRest.getValue().run();
        console.type(new byte[] {1});
        assertThat(loop.woken).isEmpty();
        assertThat(console.inputDropped()).isEqualTo(1);
    }

    @Test
    void shouldTakeNoMoreThanARingfulFromAGuestThatGoesOnWritingAtItsEnd() throws InterruptedException {
        boolean[] stop = new boolean[1];
        Thread writer = Thread.ofPlatform().start(() -> {
            byte[] bytes = new byte[64];
            while (!isSet(stop)) {
                guestOut.write(bytes, 0, bytes.length);
            }
        });
        try {
            console.disconnect();
        } finally {
            synchronized (stop) {
                stop[0] = true;
            }
            writer.join();
        }
        assertThat(console.history()).hasSizeLessThanOrEqualTo(OUT);
    }

    private static boolean isSet(boolean[] flag) {
        synchronized (flag) {
            return flag[0];
        }
    }

    @Test
    void shouldMixInWhatDidNotComeThroughTheRing() {
        byte[] text = "stderr and more".getBytes(US_ASCII);
        console.inject(text, 6);
        assertThat(console.history()).asString(US_ASCII).isEqualTo("stderr");
    }
}
