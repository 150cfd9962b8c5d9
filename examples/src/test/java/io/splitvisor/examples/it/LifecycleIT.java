// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.splitvisor.dom0.config.DiskConfig;
import io.splitvisor.dom0.config.DomainConfig;
import io.splitvisor.dom0.config.Guest;
import io.splitvisor.dom0.toolstack.Condition;
import io.splitvisor.dom0.toolstack.CreateOptions;
import io.splitvisor.dom0.toolstack.DomainEvent;
import io.splitvisor.dom0.toolstack.DomainInfo;
import io.splitvisor.dom0.toolstack.ShutdownReason;
import io.splitvisor.dom0.toolstack.ToolstackException;
import io.splitvisor.domu.GuestDomain;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LifecycleIT {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private Dom0Fixture dom0;

    @BeforeEach
    void start() {
        dom0 = new Dom0Fixture();
    }

    @AfterEach
    void stop() {
        dom0.close();
    }

    private int echo(String name) {
        return dom0.create(Dom0Fixture.jvm(name, EchoGuest.class, List.of(), "a", "b"));
    }

    @Test
    void shouldRunAGuestThatTalksOnItsConsole() {
        int domid = echo("talker");
        Dom0Fixture.Output console = dom0.console(domid);
        console.awaitText("domain " + domid + " args [a, b]");
        console.type("hello");
        console.awaitText("echo hello");
        console.type("quit");
        dom0.toolstack().waitFor(domid, Condition.DEATH, PATIENCE);
        assertThat(dom0.toolstack().list()).extracting(DomainInfo::name).containsExactly("Domain-0");
    }

    @Test
    void shouldEchoWhatIsTypedAndLetItBeEdited() {
        int domid = echo("typist");
        Dom0Fixture.Output console = dom0.console(domid);
        console.awaitText("args");
        console.type("hellx\177o");
        console.awaitText("hellx\b \bo\necho hello\n");
    }

    @Test
    void shouldShutDownWhenAsked() {
        int domid = echo("asked");
        dom0.console(domid).awaitText("args");
        dom0.toolstack().shutdown(domid, ShutdownReason.POWEROFF);
        dom0.toolstack().waitFor(domid, Condition.ACKNOWLEDGED, PATIENCE);
        dom0.toolstack().waitFor(domid, Condition.DEATH, PATIENCE);
    }

    @Test
    void shouldNoticeAGuestThatDoesNotAcknowledge() {
        int domid = echo("deaf");
        dom0.console(domid).awaitText("args");
        dom0.toolstack().pause(domid);
        dom0.toolstack().shutdown(domid, ShutdownReason.POWEROFF);
        assertThatThrownBy(() -> dom0.toolstack().waitFor(domid, Condition.ACKNOWLEDGED, Duration.ofMillis(100)))
                .isInstanceOf(ToolstackException.class)
                .hasMessageContaining("not at acknowledged yet");
        dom0.toolstack().unpause(domid);
        dom0.toolstack().waitFor(domid, Condition.ACKNOWLEDGED, PATIENCE);
        dom0.toolstack().waitFor(domid, Condition.DEATH, PATIENCE);
    }

    /** Takes back what its runtime has said about it. */
    public static final class Sleepless implements io.splitvisor.domu.Guest {
        @Override
        public void run(GuestDomain domain) throws IOException {
            String feature = "control/feature-suspend";
            while (!"1".equals(domain.xenstore().readIfPresent(feature))) {
                Thread.onSpinWait();
            }
            domain.xenstore().write(feature, "0");
            System.out.println("never asleep");
            System.in.read();
        }
    }

    @Test
    void shouldNotAskAGuestForWhatItDoesNotDo() {
        int domid = dom0.create(Dom0Fixture.jvm("awake", Sleepless.class, List.of()));
        dom0.console(domid).awaitText("never asleep");
        assertThatThrownBy(() -> dom0.toolstack().shutdown(domid, ShutdownReason.SUSPEND))
                .isInstanceOf(ToolstackException.class)
                .hasMessageContaining("does not take requests for suspend");
        assertThat(dom0.toolstack().info(domid).shutdown()).isEmpty();
    }

    @Test
    void shouldListADomainThatRestartsAllTheTime() {
        int domid = echo("again");
        dom0.console(domid).awaitText("args");
        Instant grown = dom0.toolstack().info(domid).created().plusMillis(1100);
        await().until(() -> Instant.now().isAfter(grown));
        BlockingQueue<DomainEvent> events = new LinkedBlockingQueue<>();
        dom0.toolstack().subscribe(events::add);
        dom0.toolstack().shutdown(domid, ShutdownReason.REBOOT);
        await().atMost(PATIENCE)
                .failFast(
                        "the domain was not listed",
                        () -> dom0.toolstack().list().size() < 2)
                .until(() -> events.stream().anyMatch(DomainEvent.Destroyed.class::isInstance));
        assertThat(events.stream().map(event -> event.getClass().getSimpleName()))
                .containsExactly("Shutdown", "Created", "Destroyed");
        DomainEvent.Created created = events.stream()
                .filter(DomainEvent.Created.class::isInstance)
                .map(DomainEvent.Created.class::cast)
                .findFirst()
                .orElseThrow();
        assertThat(created.domid()).isNotEqualTo(domid);
        assertThat(events)
                .contains(new DomainEvent.Destroyed(
                        domid, "again", Optional.of(ShutdownReason.REBOOT), Optional.of(created.domid())));
    }

    @Test
    void shouldKeepACrashedGuestForInspection() {
        int domid = echo("crasher");
        Dom0Fixture.Output console = dom0.console(domid);
        console.awaitText("args");
        console.type("throw");
        DomainInfo info = dom0.toolstack().waitFor(domid, Condition.SHUTDOWN, PATIENCE);
        assertThat(info.shutdown()).contains(ShutdownReason.CRASH);
        console.awaitText("IllegalStateException: as asked");
        dom0.toolstack().destroy(domid);
        assertThatThrownBy(() -> dom0.toolstack().info(domid)).isInstanceOf(ToolstackException.class);
    }

    @Test
    void shouldNoticeThatAGuestsProcessDied() {
        int domid = echo("dying");
        Dom0Fixture.Output console = dom0.console(domid);
        console.awaitText("args");
        console.type("halt");
        DomainInfo info = dom0.toolstack().waitFor(domid, Condition.SHUTDOWN, PATIENCE);
        assertThat(info.shutdown()).contains(ShutdownReason.CRASH);
        assertThat(dom0.toolstack().dmesg(false)).anyMatch(line -> line.contains("exited with status 3"));
    }

    @Test
    void shouldNotRunAPausedGuest() {
        int domid =
                dom0.toolstack().create(Dom0Fixture.jvm("paused", EchoGuest.class, List.of()), CreateOptions.PAUSED);
        assertThat(dom0.toolstack().info(domid).paused()).isTrue();
        assertThat(dom0.console(domid).text()).isEmpty();
        dom0.toolstack().unpause(domid);
        Dom0Fixture.Output console = dom0.console(domid);
        console.awaitText("args");
        dom0.toolstack().pause(domid);
        console.type("x");
        dom0.toolstack().unpause(domid);
        console.awaitText("echo x");
    }

    @Test
    void shouldRefuseANameThatIsTaken() {
        echo("twin");
        assertThatThrownBy(() -> echo("twin"))
                .isInstanceOf(ToolstackException.class)
                .hasMessageContaining("already exists");
    }

    @Test
    void shouldRefuseTheNameOfDomainZero() {
        assertThatThrownBy(() -> echo("Domain-0"))
                .isInstanceOf(ToolstackException.class)
                .hasMessage("Domain with name \"Domain-0\" already exists.");
        int domid = echo("other");
        assertThatThrownBy(() -> dom0.toolstack().rename(domid, "Domain-0"))
                .isInstanceOf(ToolstackException.class)
                .hasMessageContaining("already exists");
        assertThatThrownBy(() -> dom0.toolstack().destroy(0))
                .isInstanceOf(ToolstackException.class)
                .hasMessageContaining("use -f to force");
        assertThat(dom0.toolstack().blockList(0)).isEmpty();
    }

    @Test
    void shouldMakeNothingForAKernelThatIsNotThere() {
        Path nowhere = dom0.folder().resolve("nowhere");
        assertThatThrownBy(() -> dom0.create(Dom0Fixture.exec("none", nowhere, List.of())))
                .isInstanceOf(ToolstackException.class)
                .hasMessage("kernel: " + nowhere + ": no such file");
        assertThatThrownBy(() -> dom0.create(Dom0Fixture.exec("none", Path.of("/etc/passwd"), List.of())))
                .isInstanceOf(ToolstackException.class)
                .hasMessage("kernel: /etc/passwd: not executable");
        // No domid was spent on them.
        assertThat(echo("first")).isEqualTo(1);
    }

    private static DomainConfig withClass(String name) {
        Guest.Jvm echo =
                (Guest.Jvm) Dom0Fixture.jvm("lost", EchoGuest.class, List.of()).guest();
        return DomainConfig.of(
                        "lost", new Guest.Jvm(echo.kernel(), Optional.of(name), List.of(), echo.classPath(), List.of()))
                .build();
    }

    @Test
    void shouldNotCreateADomainWithoutItsClass() {
        assertThatThrownBy(() -> dom0.create(withClass("no.such.Guest")))
                .isInstanceOf(ToolstackException.class)
                .hasMessageEndingWith(
                        "did not attach: process exited with status 1\n    guest: there is no class no.such.Guest");
        assertThatThrownBy(() -> dom0.create(withClass("java.lang.String")))
                .hasMessageEndingWith("guest: java.lang.String does not implement io.splitvisor.domu.Guest");
        assertThat(dom0.toolstack().list()).hasSize(1);
    }

    @Test
    void shouldEndTheProcessOfADomainThatCannotBeMade() {
        DiskConfig disk = DiskConfig.parse(List.of("nowhere.img,raw,xvda,w"), dom0.folder());
        assertThatThrownBy(() -> dom0.create(Dom0Fixture.jvm("diskless", EchoGuest.class, List.of(disk))))
                .isInstanceOf(ToolstackException.class)
                .hasMessageContaining("nowhere.img: cannot be opened");
        assertThat(ProcessHandle.current().children()).noneMatch(ProcessHandle::isAlive);
        assertThat(dom0.folder().resolve("domains/1")).doesNotExist();
    }

    @Test
    void shouldSayWhyAGuestDidNotComeUp() {
        assertThatThrownBy(() -> dom0.create(Dom0Fixture.exec("broken", Path.of("/bin/false"), List.of())))
                .isInstanceOf(ToolstackException.class)
                .hasMessageContaining("did not attach: process exited with status 1");
        assertThat(dom0.toolstack().list()).hasSize(1);
    }
}
