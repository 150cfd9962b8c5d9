// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.console;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.splitvisor.abi.io.XenconsInterface;
import io.splitvisor.domu.GuestFixture;
import io.splitvisor.domu.training.RehearsalDom0;
import io.splitvisor.driver.frontend.FrontBytes;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.InterruptedIOException;
import java.io.PrintStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ConsoleTest {
    private final GuestFixture guest = new GuestFixture();
    private final Console console = guest.domain.console();
    private final MemorySegment page =
            guest.domain.memory().page(guest.domain.memory().layout().console());

    @AfterEach
    void close() {
        guest.close();
    }

    private Console impatient() {
        FrontBytes bytes = FrontBytes.fixed(
                XenconsInterface.PROTOCOL, page, () -> guest.domain.events().send(RehearsalDom0.CONSOLE_PORT));
        guest.domain.events().handleDamped(RehearsalDom0.CONSOLE_PORT, bytes::upcall);
        return new Console(bytes, Duration.ofMillis(5));
    }

    @Test
    void shouldPrintMoreThanTheRingHolds() {
        String text = "0123456789abcdef".repeat(1000);
        new PrintStream(console.output(), false, UTF_8).println(text);
        await().until(() -> guest.dom0.printed().length() == text.length() + 1);
        assertThat(guest.dom0.printed()).isEqualTo(text + "\n");
        assertThat(console.dropped()).isZero();
    }

    @Test
    void shouldPrintALineAtOnce() {
        new PrintStream(console.output(), false, UTF_8).println("one line");
        await().until(() -> guest.dom0.printed().equals("one line\n"));
        assertThat(guest.dom0.hypercalls().sends(RehearsalDom0.CONSOLE_PORT)).isOne();
    }

    @Test
    void shouldReadWhatIsTyped() throws IOException {
        BufferedReader lines = new BufferedReader(new InputStreamReader(console.input(), UTF_8));
        guest.dom0.type("first\nsec");
        assertThat(lines.readLine()).isEqualTo("first");
        guest.dom0.type("ond\n");
        assertThat(lines.readLine()).isEqualTo("second");
        assertThat(console.input().available()).isZero();
    }

    @Test
    void shouldShowWhatIsTyped() throws IOException {
        BufferedReader lines = new BufferedReader(new InputStreamReader(console.input(), UTF_8));
        guest.dom0.type("fixst\177\177\177rst\r");
        assertThat(lines.readLine()).isEqualTo("first");
        await().until(() -> guest.dom0.printed().equals("fixst" + "\b \b".repeat(3) + "rst\n"));
    }

    @Test
    void shouldNotShowWhatIsHidden() throws IOException {
        console.inputMode(InputMode.HIDDEN_LINES);
        BufferedReader lines = new BufferedReader(new InputStreamReader(console.input(), UTF_8));
        guest.dom0.type("secrex\177t\r");
        assertThat(lines.readLine()).isEqualTo("secret");
        console.inputMode(InputMode.LINES);
        guest.dom0.type("x\n");
        assertThat(lines.readLine()).isEqualTo("x");
        await().until(() -> guest.dom0.printed().equals("x\n"));
    }

    @Test
    void shouldHandRawBytesToProgramsThatWantThem() throws IOException {
        console.inputMode(InputMode.RAW);
        guest.dom0.type("a\177\r\004");
        byte[] bytes = new byte[4];
        assertThat(console.input().readNBytes(bytes, 0, 4)).isEqualTo(4);
        assertThat(bytes).containsExactly('a', 127, '\r', 4);
        assertThat(guest.dom0.printed()).isEmpty();
    }

    @Test
    void shouldHandOverTheLineThatWasBegunWhenBytesAreWanted() throws IOException {
        guest.dom0.type("ab");
        await().until(() ->
                console.input().available() == 0 && guest.dom0.printed().equals("ab"));
        console.inputMode(InputMode.RAW);
        guest.dom0.type("c");
        assertThat(console.input().readNBytes(3)).containsExactly('a', 'b', 'c');
    }

    @Test
    void shouldEndTheInputAtControlD() throws IOException {
        guest.dom0.type("x\n\004");
        assertThat(console.input().readNBytes(2)).containsExactly('x', '\n');
        assertThat(console.input().read()).isEqualTo(-1);
        guest.dom0.type("y\n");
        assertThat(console.input().read()).isEqualTo('y');
    }

    @Test
    void shouldLetGoOfAReaderThatIsInterrupted() {
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> console.input().read()).isInstanceOf(InterruptedIOException.class);
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void shouldWaitForABackEndThatIsSlow() {
        guest.dom0.holdConsole(true);
        byte[] text = new byte[5000];
        Thread writer = Thread.ofPlatform().start(() -> {
            try {
                console.output().write(text, 0, text.length);
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
        await().until(() -> XenconsInterface.out(page, 0).writable() == 0);
        assertThat(writer.isAlive()).isTrue();
        guest.dom0.holdConsole(false);
        await().until(() -> !writer.isAlive());
        assertThat(console.dropped()).isZero();
    }

    @Test
    void shouldDropOutputThatNobodyTakesAndGoOnWhenSomebodyDoes() throws IOException {
        guest.dom0.holdConsole(true);
        Console impatient = impatient();
        impatient.output().write(new byte[3000], 0, 3000);
        assertThat(impatient.dropped()).isEqualTo(3000 - 2048);
        impatient.output().write(new byte[10], 0, 10);
        assertThat(impatient.dropped()).as("given up: no more waiting").isEqualTo(3010 - 2048);
        guest.dom0.holdConsole(false);
        await().until(() -> guest.dom0.printed().length() == 2048);
        impatient.output().write("again".getBytes(UTF_8), 0, 5);
        await().until(() -> guest.dom0.printed().endsWith("again"));
    }

    @Test
    void c1_shouldMoveNothingWhenIndicesAreImpossible() throws IOException {
        guest.dom0.holdConsole(true);
        Console impatient = impatient();
        page.set(ValueLayout.JAVA_INT, XenconsInterface.OUT_CONS.offset(), 77_777);
        page.set(ValueLayout.JAVA_INT, XenconsInterface.IN_PROD.offset(), 99_999);
        impatient.output().write(new byte[10], 0, 10);
        assertThat(impatient.dropped()).isEqualTo(10);
        assertThat(page.get(ValueLayout.JAVA_INT, XenconsInterface.OUT_PROD.offset()))
                .isZero();
        assertThat(impatient.input().available()).isZero();
    }
}
