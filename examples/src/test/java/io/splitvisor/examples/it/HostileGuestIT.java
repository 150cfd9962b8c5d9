// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.splitvisor.attach.AttachMessages;
import io.splitvisor.dom0.config.DiskConfig;
import io.splitvisor.dom0.toolstack.Condition;
import io.splitvisor.dom0.toolstack.ShutdownReason;
import io.splitvisor.dom0.toolstack.ToolstackException;
import io.splitvisor.host.Confinement;
import io.splitvisor.host.Errno;
import io.splitvisor.host.UnixSocket;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
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
    private final List<String> wrong = Collections.synchronizedList(new ArrayList<>());

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
        dom0.toolstack().destroy(domid);
        neighbourAnswers();
    }

    @Test
    void c1_shouldIgnoreAConsoleWithImpossibleIndices() {
        int domid = hostile("console-indices", List.of());
        neighbourAnswers();
        assertThat(dom0.toolstack().info(domid).shutdown()).isEmpty();
        dom0.toolstack().destroy(domid);
        neighbourAnswers();
    }

    @Test
    void x2_shouldIgnoreAXenstoreRingWithImpossibleIndices() {
        int domid = hostile("xenstore-indices", List.of());
        neighbourAnswers();
        dom0.toolstack().destroy(domid);
        neighbourAnswers();
    }

    @Test
    void shouldReclaimEverythingOfAGuestThatDiesWithRequestsInFlight() throws IOException {
        Path image = Files.write(folder.resolve("disk.img"), new byte[1 << 20]);
        List<DiskConfig> disks = List.of(DiskConfig.parse(List.of(image + ",raw,xvda,w"), folder));
        int first = hostile("die-in-flight", disks);
        dom0.toolstack().waitFor(first, Condition.SHUTDOWN, PATIENCE);
        dom0.toolstack().destroy(first);
        long baseline = openDescriptors();
        for (int i = 0; i < 3; i++) {
            int domid = hostile("die-in-flight", disks);
            assertThat(dom0.toolstack()
                            .waitFor(domid, Condition.SHUTDOWN, PATIENCE)
                            .shutdown())
                    .contains(ShutdownReason.CRASH);
            dom0.toolstack().destroy(domid);
        }
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(openDescriptors()).isLessThanOrEqualTo(baseline));
        neighbourAnswers();
    }

    /** Also row C5: the nodes are not the guest's to write, and where they are, nobody believes them. */
    @Test
    void c5_l1_shouldBelieveNothingThatAGuestWritesAboutItsDevices() throws IOException {
        Path image = Files.write(folder.resolve("disk.img"), new byte[1 << 20]);
        DiskConfig disk = DiskConfig.parse(List.of(image + ",raw,xvda,w"), folder);
        int domid = hostile("rewrite-nodes", List.of(disk));
        Dom0Fixture.Output console = dom0.console(domid);
        console.awaitText("nodes rewritten");
        assertThat(console.text()).doesNotContain("wrote ");
        assertThat(console.text()
                        .lines()
                        .filter(line -> line.startsWith("EACCES "))
                        .count())
                .isEqualTo(16);
        assertThat(dom0.toolstack().info(domid).name()).isEqualTo("hostile");
        assertThat(dom0.toolstack().blockList(domid)).singleElement().satisfies(info -> {
            assertThat(info.devid()).isEqualTo(51712);
            assertThat(info.backendPath()).isEqualTo("/local/domain/0/backend/vbd/" + domid + "/51712");
            assertThat(info.disk()).isEqualTo(disk);
        });
        dom0.toolstack().blockDetach(domid, 51712, true);
        assertThat(dom0.toolstack().blockList(domid)).isEmpty();
        // The image is free again, and another device of this name would be.
        assertThat(dom0.toolstack().blockAttach(domid, disk)).isEqualTo(51712);
        dom0.toolstack().destroy(domid);
        neighbourAnswers();
    }

    @Test
    void l12_shouldDestroyADomainOnceHoweverManyAskForIt() throws Exception {
        Path image = Files.write(folder.resolve("disk.img"), new byte[1 << 20]);
        List<DiskConfig> disks = List.of(DiskConfig.parse(List.of(image + ",raw,xvda,w"), folder));
        int warm = hostile("die-in-flight", disks);
        dom0.toolstack().destroy(warm);
        long baseline = openDescriptors();
        for (int round = 0; round < 3; round++) {
            int domid = hostile("die-in-flight", disks);
            List<Thread> threads = new ArrayList<>();
            AtomicInteger refused = new AtomicInteger();
            for (int i = 0; i < 4; i++) {
                threads.add(Thread.ofPlatform().start(() -> {
                    try {
                        dom0.toolstack().destroy(domid);
                    } catch (ToolstackException e) {
                        refused.incrementAndGet();
                    }
                    // Whoever asked: it is gone when the call returns.
                    assertGone(domid);
                }));
            }
            for (Thread thread : threads) {
                thread.join();
            }
            assertThat(refused.get()).isLessThan(4);
            assertGone(domid);
        }
        assertThat(wrong).isEmpty();
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(openDescriptors()).isLessThanOrEqualTo(baseline));
        neighbourAnswers();
    }

    /** Noted rather than thrown: other threads ask, too. */
    private void assertGone(int domid) {
        if (dom0.toolstack().list().stream().anyMatch(domain -> domain.domid() == domid)) {
            wrong.add(domid + " is still listed");
        }
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

    @Test
    void shouldKeepAGuestFromOtherProcessesAndTheirFiles() throws IOException {
        assumeTrue(Confinement.scopesSignals(), "needs Landlock version 6 (Linux 6.12)");
        Path elsewhere = Files.createDirectories(folder.resolve("elsewhere"));
        long neighbourPid =
                ProcessHandle.current().descendants().findFirst().orElseThrow().pid();
        int domid = dom0.create(Dom0Fixture.jvm(
                "confined", ConfinedGuest.class, List.of(), Long.toString(neighbourPid), elsewhere.toString()));
        Dom0Fixture.Output console = dom0.console(domid);
        console.awaitText("that is all");
        assertThat(console.text())
                .contains("NoNewPrivs: 1")
                .contains("kill -0 gave 1", "kill -STOP gave 1", "kill -CONT gave 1", "kill -KILL gave 1")
                .contains("kill of a child gave 0", "did not write elsewhere", "wrote here");
        assertThat(elsewhere).isEmptyDirectory();
        neighbourAnswers();
    }

    /** Before its first instruction, not after a moment. */
    @Test
    void shouldLimitAGuestFromItsStart() throws IOException {
        Path program = folder.resolve("limits");
        Files.writeString(program, "#!/bin/sh\nulimit -Hn >limits.txt\nulimit -Hd >>limits.txt\nexit 3\n");
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
        assertThatThrownBy(() -> dom0.create(Dom0Fixture.exec("limited", program, List.of(), "cat")))
                .hasMessageContaining("exited with status 3");
        Path written = dom0.folder().resolve("domains").resolve("2").resolve("limits.txt");
        assertThat(Files.readAllLines(written)).containsExactly("256", Integer.toString((32 + 512) * 1024));
    }
}
