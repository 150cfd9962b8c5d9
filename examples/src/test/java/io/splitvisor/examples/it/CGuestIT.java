// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.splitvisor.dom0.config.DiskConfig;
import io.splitvisor.dom0.toolstack.Condition;
import io.splitvisor.dom0.toolstack.DomainInfo;
import io.splitvisor.dom0.toolstack.ShutdownReason;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The attach protocol as a program in another language speaks it: the guest in examples/c-guest. */
class CGuestIT {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    private static Path folder;

    private static Path program;

    private Dom0Fixture dom0;

    @BeforeAll
    static void compile() throws IOException, InterruptedException {
        program = folder.resolve("c-guest");
        assumeTrue(runs("cc", "--version"), "needs a C compiler (cc)");
        Process compiler = new ProcessBuilder("sh", "c-guest/build", program.toString())
                .redirectErrorStream(true)
                .start();
        String output = new String(compiler.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(compiler.waitFor()).as(output).isZero();
        assertThat(output).as("warnings").isEmpty();
    }

    private static boolean runs(String... command) throws InterruptedException {
        try {
            return new ProcessBuilder(command)
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException e) {
            return false;
        }
    }

    @BeforeEach
    void start() {
        dom0 = new Dom0Fixture();
    }

    @AfterEach
    void stop() {
        if (dom0 != null) {
            dom0.close();
        }
    }

    private static DiskConfig disk(Path image, String vdev) {
        return DiskConfig.parse(List.of(image + ",raw," + vdev + ",r"), image.getParent());
    }

    private static String sha256(byte[] content) throws NoSuchAlgorithmException {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    }

    /** A guest that has powered off may be forgotten before anybody asks. */
    private void awaitEnd(int domid) {
        await().atMost(PATIENCE)
                .until(() -> dom0.toolstack().list().stream().noneMatch(domain -> domain.domid() == domid));
    }

    @Test
    void shouldHashADiskWhoseLastRequestIsShort() throws IOException, NoSuchAlgorithmException {
        byte[] content = new byte[(5 << 20) + 3 * 512];
        new Random(5).nextBytes(content);
        Path image = Files.write(folder.resolve("random.img"), content);
        int domid = dom0.create(Dom0Fixture.exec("reader", program, List.of(disk(image, "xvda")), "xvda"));
        Dom0Fixture.Output console = dom0.console(domid);
        console.awaitText("sha256 " + sha256(content) + "  xvda");
        awaitEnd(domid);
        assertThat(console.text())
                .contains("C guest in domain " + domid + " (reader)")
                .contains("xvda: 100 %  5121 of 5121 KiB")
                .doesNotContain("mapped");
    }

    @Test
    void shouldServeCommandsAndUseTheSameFramesAgain() throws IOException, NoSuchAlgorithmException {
        byte[] first = "first".repeat(102400).getBytes(StandardCharsets.UTF_8);
        byte[] second = new byte[64 << 10];
        List<DiskConfig> disks = List.of(
                disk(Files.write(folder.resolve("first.img"), first), "xvda"),
                disk(Files.write(folder.resolve("second.img"), second), "xvdb"));
        int domid = dom0.create(Dom0Fixture.exec("shell", program, disks));
        Dom0Fixture.Output console = dom0.console(domid);
        console.awaitText("ready;");
        console.type("info");
        console.awaitText("domain " + domid + ", 8192 pages, Xen ");
        console.type("xs name");
        console.awaitText("name = \"shell\"");
        console.type("xs nothing/here");
        console.awaitText("nothing/here: no such node");
        console.type("sum xvda");
        console.awaitText("sha256 " + sha256(first) + "  xvda");
        console.type("sum xvdb");
        console.awaitText("sha256 " + sha256(second) + "  xvdb");
        console.type("sum xvdz");
        console.awaitText("xvdz: there is no such disk");
        console.type("poweroff");
        awaitEnd(domid);
        assertThat(console.text()).doesNotContain("mapped");
    }

    @Test
    void shouldReadTheClockWithoutACallAndBeWokenByATimer() {
        int domid = dom0.create(Dom0Fixture.exec("clock", program, List.of()));
        Dom0Fixture.Output console = dom0.console(domid);
        console.awaitText("ready;");
        console.type("time");
        console.awaitText("timer late by");
        console.type("poweroff");
        awaitEnd(domid);
        Matcher said =
                Pattern.compile("off by (\\d+) ns\\s+timer late by (\\d+) ns").matcher(console.text());
        assertThat(said.find()).as(console.text()).isTrue();
        assertThat(Long.parseLong(said.group(1))).as("nanoseconds wrong").isLessThan(1_000_000);
        assertThat(Long.parseLong(said.group(2))).as("nanoseconds late").isLessThan(1_000_000_000);
    }

    @Test
    void shouldShutDownWhenTheToolstackAsks() {
        int domid = dom0.create(Dom0Fixture.exec("asked", program, List.of()));
        dom0.console(domid).awaitText("ready;");
        dom0.toolstack().shutdown(domid, ShutdownReason.POWEROFF);
        awaitEnd(domid);
    }

    @Test
    void shouldCrashTheDomainIfADiskIsMissing() {
        int domid = dom0.create(Dom0Fixture.exec("lost", program, List.of(), "xvda"));
        DomainInfo info = dom0.toolstack().waitFor(domid, Condition.SHUTDOWN, PATIENCE);
        assertThat(info.shutdown()).contains(ShutdownReason.CRASH);
        dom0.toolstack().destroy(domid);
    }
}
