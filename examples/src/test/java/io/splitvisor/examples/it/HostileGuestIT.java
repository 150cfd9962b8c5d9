// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.splitvisor.attach.AttachMessages;
import io.splitvisor.dom0.config.DiskConfig;
import io.splitvisor.dom0.toolstack.Condition;
import io.splitvisor.dom0.toolstack.ShutdownReason;
import io.splitvisor.host.Errno;
import io.splitvisor.host.UnixSocket;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One guest misbehaves; Dom0 and the guest beside it go on, and nothing of the culprit stays behind. */
class HostileGuestIT {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final String MEMORY_MIB = "32";

    @TempDir
    private Path folder;

    private Dom0Fixture dom0;
    private Dom0Fixture.Output neighbour;
    private int questions;

    @BeforeEach
    void start() {
        dom0 = new Dom0Fixture();
        int domid = dom0.create(Dom0Fixture.jvm("neighbour", EchoGuest.class, List.of()));
        neighbour = dom0.console(domid);
        neighbour.awaitText("args");
    }

    @AfterEach
    void stop() {
        dom0.close();
    }

    private void neighbourAnswers() {
        String question = "question " + questions++;
        neighbour.type(question);
        neighbour.awaitText("echo " + question);
    }

    private int hostile(String what, List<DiskConfig> disks) {
        return dom0.create(Dom0Fixture.jvm("hostile", HostileGuest.class, disks, what, MEMORY_MIB));
    }

    private static long openDescriptors() throws IOException {
        try (Stream<Path> links = Files.list(Path.of("/proc/self/fd"))) {
            return links.count();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"hypercall-overflow", "garbage-everywhere"})
    void shouldCrashTheDomainAndNothingElse(String what) {
        int domid = hostile(what, List.of());
        assertThat(dom0.toolstack().waitFor(domid, Condition.SHUTDOWN, PATIENCE).shutdown())
                .contains(ShutdownReason.CRASH);
        neighbourAnswers();
        dom0.toolstack().destroy(domid, false);
        neighbourAnswers();
    }

    @Test
    void c1_shouldIgnoreAConsoleWithImpossibleIndices() {
        int domid = hostile("console-indices", List.of());
        neighbourAnswers();
        assertThat(dom0.toolstack().info(domid).shutdown()).isEmpty();
        dom0.toolstack().destroy(domid, false);
        neighbourAnswers();
    }

    @Test
    void x2_shouldIgnoreAXenstoreRingWithImpossibleIndices() {
        int domid = hostile("xenstore-indices", List.of());
        neighbourAnswers();
        dom0.toolstack().destroy(domid, false);
        neighbourAnswers();
    }

    @Test
    void shouldReclaimEverythingOfAGuestThatDiesWithRequestsInFlight() throws IOException {
        Path image = Files.write(folder.resolve("disk.img"), new byte[1 << 20]);
        List<DiskConfig> disks = List.of(DiskConfig.parse(List.of(image + ",raw,xvda,w"), folder));
        int first = hostile("die-in-flight", disks);
        dom0.toolstack().waitFor(first, Condition.SHUTDOWN, PATIENCE);
        dom0.toolstack().destroy(first, false);
        long baseline = openDescriptors();
        for (int i = 0; i < 3; i++) {
            int domid = hostile("die-in-flight", disks);
            assertThat(dom0.toolstack()
                            .waitFor(domid, Condition.SHUTDOWN, PATIENCE)
                            .shutdown())
                    .contains(ShutdownReason.CRASH);
            dom0.toolstack().destroy(domid, false);
        }
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(openDescriptors()).isLessThanOrEqualTo(baseline));
        neighbourAnswers();
    }

    @Test
    void shouldTurnAwayWhoeverHasNoToken() {
        String socket = dom0.folder().resolve("attach.sock").toString();
        try (UnixSocket stranger = UnixSocket.connect(socket)) {
            stranger.send(AttachMessages.hello(new byte[AttachMessages.TOKEN_BYTES]));
            AttachMessages.Welcome answer =
                    AttachMessages.decodeWelcome(stranger.receive(AttachMessages.WELCOME_BYTES));
            assertThat(answer.status()).isEqualTo(Errno.EACCES);
            assertThatThrownBy(() -> stranger.receive(1)).hasMessageContaining("closed");
        }
        neighbourAnswers();
    }

    @Test
    void shouldGiveAGuestNothingBesideItsDomain() {
        int domid = dom0.create(Dom0Fixture.jvm("confined", ConfinedGuest.class, List.of()));
        Dom0Fixture.Output console = dom0.console(domid);
        console.awaitText("that is all");
        String said = console.text();
        assertThat(said).contains("environment [LANG, SPLITVISOR_ATTACH, SPLITVISOR_TOKEN]");
        assertThat(said).contains("folder " + dom0.folder().resolve("domains").resolve(Integer.toString(domid)));
        assertThat(said).containsPattern("Max open files +256 ");
        assertThat(said).containsPattern("Max data size +[0-9]+ ");
        String descriptors = said.lines()
                .filter(line -> line.startsWith("descriptors"))
                .findFirst()
                .orElseThrow();
        assertThat(descriptors).contains("splitvisor-ram-" + domid).doesNotContain("management.sock");
        assertThat(descriptors.split("splitvisor-ram-", -1))
                .as("only its own memory")
                .hasSize(2);
    }
}
