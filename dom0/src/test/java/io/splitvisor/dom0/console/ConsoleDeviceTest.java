// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.console;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.eq;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.never;
import static org.mockito.Mockito.times;
import static org.mockito.Mockito.verify;
import static org.mockito.Mockito.when;

import io.splitvisor.abi.io.XenconsInterface;
import io.splitvisor.backend.BackendDomain;
import io.splitvisor.backend.EventChannel;
import io.splitvisor.backend.GrantException;
import io.splitvisor.backend.GrantMappings;
import io.splitvisor.backend.IoLoop;
import io.splitvisor.backend.RingWorker;
import io.splitvisor.driver.backend.FixedLine;
import io.splitvisor.ring.ByteRing;
import io.splitvisor.xenbus.ControlThread;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.mockito.ArgumentCaptor;

class ConsoleDeviceTest {
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
    private final ControlThread timer = mock();
    private final EventChannel channel = mock();
    private final MemorySegment page = Arena.ofAuto().allocate(4096, 4096);
    private final ByteRing guestOut = XenconsInterface.out(page, 0);
    private final ByteRing guestIn = XenconsInterface.in(page, 0);
    private final ConsoleDevice console = new ConsoleDevice(timer);
    private final BackendDomain dom0 = mock();
    private final List<String> reports = new ArrayList<>();
    private FixedLine line;
    private RingWorker rings;

    @BeforeEach
    void connect() {
        GrantMappings mappings = mock();
        GrantMappings.RingPages pages = mock();
        when(pages.segment()).thenReturn(page);
        when(mappings.mapRing(1)).thenReturn(pages);
        when(dom0.loop(3)).thenReturn(loop);
        when(dom0.grants(3)).thenReturn(mappings);
        when(dom0.bind(eq(3), eq(9), any(), eq(loop))).thenAnswer(call -> {
            rings = call.getArgument(2);
            return channel;
        });
        line = FixedLine.open(dom0, new FixedLine.Place(3, 1, 9), console, XenconsInterface.PROTOCOL, reports::add);
        assertThat(rings.serve()).isZero();
        loop.woken.clear();
    }

    /** As a domain's end does it. */
    private void disconnect() {
        console.close();
        line.close();
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
    void shouldKeepWhatIsTypedBeforeItIsConnected() {
        ConsoleDevice early = new ConsoleDevice(timer);
        early.type(new byte[] {5});
        FixedLine.open(dom0, new FixedLine.Place(3, 1, 9), early, XenconsInterface.PROTOCOL, reports::add);
        assertThat(rings.serve()).isEqualTo(1);
        assertThat(readInput()).containsExactly(5);
    }

    @Test
    void shouldSayWhyItCannotBeConnected() {
        when(dom0.grants(3)).thenThrow(new GrantException(1, -3));
        line = FixedLine.open(dom0, new FixedLine.Place(3, 1, 9), console, XenconsInterface.PROTOCOL, reports::add);
        assertThat(reports).singleElement().asString().contains("grant reference 1 cannot be mapped");
        assertThat(line.close()).isCompleted();
    }

    @Test
    void shouldRememberAndPassOnWhatTheGuestPrints() {
        ByteArrayOutputStream heard = new ByteArrayOutputStream();
        print("before ".getBytes(US_ASCII));
        assertThat(rings.serve()).isEqualTo(7);
        byte[] history = console.listen(heard::writeBytes);
        assertThat(history).asString(US_ASCII).isEqualTo("before ");
        print("after".getBytes(US_ASCII));
        assertThat(rings.serve()).isEqualTo(5);
        assertThat(heard.toString(US_ASCII)).isEqualTo("after");
        assertThat(console.history()).asString(US_ASCII).isEqualTo("before after");
        verify(channel, times(2)).send();
        assertThat(rings.serve()).isZero();
        verify(channel, times(2)).send();
    }

    @Test
    void shouldGiveEachListenerItsOwnCopyUntilItLeaves() {
        List<byte[]> first = new ArrayList<>();
        List<byte[]> second = new ArrayList<>();
        ConsoleDevice.Listener leaver = first::add;
        console.listen(leaver);
        console.listen(second::add);
        print(new byte[] {1, 2});
        rings.serve();
        first.getFirst()[0] = 99;
        assertThat(second.getFirst()).containsExactly(1, 2);
        console.unlisten(leaver);
        print(new byte[] {3});
        rings.serve();
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
        rings.serve();
        assertThat(console.history()).isEqualTo(all);
        console.type(all);
        rings.serve();
        assertThat(readInput()).isEqualTo(all);
    }

    @Test
    void shouldTypeAtTheGuestAsFarAsItReads() {
        byte[] typed = new byte[ConsoleDevice.INPUT_BYTES + 100];
        new Random(8).nextBytes(typed);
        console.type(typed);
        assertThat(loop.woken).containsExactly(rings);
        assertThat(console.inputDropped()).isEqualTo(100);
        ByteArrayOutputStream read = new ByteArrayOutputStream();
        while (rings.serve() > 0) {
            read.writeBytes(readInput());
        }
        assertThat(read.toByteArray()).isEqualTo(Arrays.copyOf(typed, ConsoleDevice.INPUT_BYTES));
    }

    @Test
    void c6_shouldDropInputForAGuestThatNeverReads() {
        for (int i = 0; i < 100; i++) {
            console.type(new byte[1000]);
            rings.serve();
        }
        assertThat(guestIn.readable()).isEqualTo(IN);
        assertThat(console.inputDropped()).isEqualTo(100_000 - IN - ConsoleDevice.INPUT_BYTES);
        assertThat(rings.serve()).isZero();
    }

    @Test
    void c6_shouldNotHoldTheGuestUpWhileNobodyReads() {
        byte[] flood = new byte[OUT];
        for (int i = 0; i < 20; i++) {
            print(flood);
            assertThat(rings.serve()).isEqualTo(OUT);
        }
        assertThat(console.history()).hasSize(20 * OUT);
        for (int i = 0; i < 9; i++) {
            print(flood);
            assertThat(rings.serve()).isEqualTo(OUT);
        }
        assertThat(console.history()).hasSizeLessThanOrEqualTo(ConsoleDevice.HISTORY_BYTES);
    }

    @ParameterizedTest
    @CsvSource({"0, 2049", "0, -1", "5, 4", "0, 2147483647", "2147483647, -1", "100, 0"})
    void c1_shouldMoveNothingWhenTheOutputIndicesAreImpossible(int consumed, int produced) {
        indices(XenconsInterface.OUT_CONS.offset(), consumed, XenconsInterface.OUT_PROD.offset(), produced);
        assertThat(rings.serve()).isZero();
        assertThat(rings.arm()).isFalse();
        assertThat(page.get(ValueLayout.JAVA_INT, XenconsInterface.OUT_CONS.offset()))
                .isEqualTo(consumed);
        assertThat(console.history()).isEmpty();
        verify(channel, never()).send();
        // A guest that puts it right is served again; what is typed reached it all the while.
        console.type(new byte[] {7});
        assertThat(rings.serve()).isEqualTo(1);
        assertThat(readInput()).containsExactly(7);
        indices(XenconsInterface.OUT_CONS.offset(), 0, XenconsInterface.OUT_PROD.offset(), 0);
        print(new byte[] {1, 2, 3});
        assertThat(rings.serve()).isEqualTo(3);
    }

    @ParameterizedTest
    @CsvSource({"0, 1025", "0, -1", "9, 8", "2147483647, -1"})
    void c1_shouldMoveNothingWhenTheInputIndicesAreImpossible(int consumed, int produced) {
        indices(XenconsInterface.IN_CONS.offset(), consumed, XenconsInterface.IN_PROD.offset(), produced);
        console.type(new byte[] {1, 2});
        assertThat(rings.serve()).isZero();
        assertThat(page.get(ValueLayout.JAVA_INT, XenconsInterface.IN_PROD.offset()))
                .isEqualTo(produced);
        print(new byte[] {4});
        assertThat(rings.serve()).isEqualTo(1);
        indices(XenconsInterface.IN_CONS.offset(), 0, XenconsInterface.IN_PROD.offset(), 0);
        assertThat(rings.serve()).isEqualTo(2);
        assertThat(readInput()).containsExactly(1, 2);
    }

    @Test
    void shouldGoOnPastTheEndOfTheIndices() {
        indices(XenconsInterface.OUT_CONS.offset(), -3, XenconsInterface.OUT_PROD.offset(), -3);
        print(new byte[] {1, 2, 3, 4, 5, 6});
        assertThat(rings.serve()).isEqualTo(6);
        assertThat(console.history()).containsExactly(1, 2, 3, 4, 5, 6);
        assertThat(page.get(ValueLayout.JAVA_INT, XenconsInterface.OUT_CONS.offset()))
                .isEqualTo(3);
    }

    @Test
    void c2_shouldLetAFloodRestUntilThePeriodIsOver() {
        int rounds = 0;
        for (; rounds < 1000; rounds++) {
            print(new byte[] {'x'});
            if (rings.serve() == 0) {
                break;
            }
        }
        assertThat(rounds).isEqualTo(30);
        // Nothing is served, and the loop may sleep.
        assertThat(rings.serve()).isZero();
        assertThat(rings.arm()).isFalse();
        ArgumentCaptor<Runnable> end = ArgumentCaptor.captor();
        ArgumentCaptor<Duration> rest = ArgumentCaptor.captor();
        verify(timer).schedule(end.capture(), rest.capture());
        assertThat(rest.getValue()).isBetween(Duration.ZERO, Duration.ofMillis(200));
        when(timer.nanoTime()).thenReturn(Duration.ofMillis(200).toNanos());
        loop.woken.clear();
        end.getValue().run();
        assertThat(loop.woken).containsExactly(rings);
        assertThat(rings.serve()).isPositive();
        assertThat(console.history()).hasSize(rounds + 1);
    }

    @Test
    void c2_shouldNotCountRoundsInWhichNothingMoved() {
        for (int i = 0; i < 1000; i++) {
            assertThat(rings.serve()).isZero();
        }
        verify(timer, never()).schedule(any(), any());
        print(new byte[] {1});
        assertThat(rings.serve()).isEqualTo(1);
    }

    @Test
    void shouldStayActiveIfSomethingWasPrintedWhileItWasArmed() {
        assertThat(rings.arm()).isFalse();
        print(new byte[] {1});
        assertThat(rings.arm()).isTrue();
    }

    @Test
    void shouldTakeTheLastWordsAndThenBeQuiet() {
        print("last words".getBytes(US_ASCII));
        disconnect();
        assertThat(console.history()).asString(US_ASCII).isEqualTo("last words");
        verify(channel).close();
        assertThat(loop.forgotten).containsExactly(rings);
        print("too late".getBytes(US_ASCII));
        assertThat(rings.serve()).isZero();
        assertThat(rings.arm()).isFalse();
        disconnect();
        verify(channel).close();
    }

    @Test
    void shouldNotComeBackIntoTheLoopAfterItsEnd() {
        for (int i = 0; i < 30; i++) {
            print(new byte[] {'x'});
            rings.serve();
        }
        ArgumentCaptor<Runnable> endOfRest = ArgumentCaptor.captor();
        verify(timer).schedule(endOfRest.capture(), any());
        disconnect();
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
            disconnect();
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
