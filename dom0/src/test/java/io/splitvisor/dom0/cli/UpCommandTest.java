// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.splitvisor.dom0.config.ConfigException;
import io.splitvisor.dom0.config.DiskConfig;
import io.splitvisor.dom0.config.DomainConfig;
import io.splitvisor.dom0.toolstack.FakeToolstack;
import io.splitvisor.dom0.toolstack.ShutdownReason;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UpCommandTest {
    @TempDir
    private Path folder;

    @TempDir
    private Path runDir;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private void config(String name, String more) throws IOException {
        Files.writeString(
                folder.resolve(name + ".cfg"), "name='" + name + "'; type='exec'; kernel='" + name + ".bin'\n" + more);
    }

    private List<DomainConfig> read(String... operands) {
        return Setup.collect(List.of(operands), folder).read();
    }

    private int up(FakeToolstack toolstack, List<DomainConfig> domains, String... options) throws Exception {
        var environment = new Environment(
                InputStream.nullInputStream(),
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                _ -> null,
                folder);
        Verb verb = Verbs.find("up");
        var invocation = new Invocation(
                verb, Globals.parse(List.of("up")), Arguments.parse(verb, List.of(options)), environment);
        try (var shell = new Shell(runDir, folder, toolstack)) {
            return UpCommand.host(invocation, shell.session(), domains);
        }
    }

    private String outText() {
        return out.toString(StandardCharsets.UTF_8);
    }

    @Test
    void shouldRunASetupToItsEnd() throws Exception {
        config("one", "");
        config("two", "");
        var toolstack = new FakeToolstack()
                .onCreate((fake, domid) -> Thread.ofVirtual().start(() -> {
                    fake.guestWrites(domid, "hello from " + domid + "\nno line end");
                    fake.guestShutsDown(domid, ShutdownReason.POWEROFF);
                }));
        assertThat(up(toolstack, read("one.cfg", "two.cfg"))).isZero();
        assertThat(outText().lines())
                .contains("one | hello from 1", "one | no line end", "two | hello from 2", "two | no line end")
                .endsWith("the summary");
        assertThat(toolstack.list()).hasSize(1);
        assertThat(toolstack.listenerCount()).isZero();
    }

    @Test
    void shouldFailIfADomainEndsBadly() throws Exception {
        config("good", "");
        config("bad", "");
        var toolstack = new FakeToolstack()
                .onCreate((fake, domid) -> fake.guestShutsDown(
                        domid, fake.info(domid).name().equals("bad") ? ShutdownReason.CRASH : ShutdownReason.POWEROFF));
        assertThat(up(toolstack, read("good.cfg", "bad.cfg"))).isEqualTo(1);
        assertThat(err.toString(StandardCharsets.UTF_8))
                .contains("bad: ended with crash")
                .doesNotContain("good:");
    }

    @Test
    void shouldSurviveARestartAndEndWithTheReplacement() throws Exception {
        config("again", "");
        var toolstack = new FakeToolstack()
                .onCreate((fake, domid) -> Thread.ofVirtual().start(() -> {
                    fake.guestWrites(domid, "life " + domid + "\n");
                    fake.guestShutsDown(domid, domid < 3 ? ShutdownReason.REBOOT : ShutdownReason.POWEROFF);
                }));
        assertThat(up(toolstack, read("again.cfg"))).isZero();
        assertThat(outText()).contains("again | life 1\n", "again | life 2\n", "again | life 3\n");
        assertThat(toolstack.calls()).containsExactly("create again", "create again", "create again");
    }

    @Test
    void shouldEndWithADomainThatIsKeptForInspection() throws Exception {
        config("kept", "on_crash='preserve'");
        var toolstack = new FakeToolstack().onCreate((fake, domid) -> fake.guestShutsDown(domid, ShutdownReason.CRASH));
        assertThat(up(toolstack, read("kept.cfg"))).isEqualTo(1);
        assertThat(toolstack.list()).hasSize(2);
    }

    @Test
    void shouldPrintOutcomesAsJson() throws Exception {
        config("one", "");
        var toolstack =
                new FakeToolstack().onCreate((fake, domid) -> fake.guestShutsDown(domid, ShutdownReason.POWEROFF));
        assertThat(up(toolstack, read("one.cfg"), "--json")).isZero();
        assertThat(outText())
                .isEqualTo("[\n    {\n        \"name\": \"one\",\n        \"ended\": \"poweroff\"\n    }\n]\n");
    }

    @Test
    void shouldStopEverythingIfOneDomainCannotStart() throws IOException {
        config("one", "");
        config("one2", "name='Domain-0'");
        var toolstack = new FakeToolstack();
        assertThatThrownBy(() -> up(toolstack, read("one.cfg", "one2.cfg"))).hasMessageContaining("Domain-0: ");
        assertThat(toolstack.list()).hasSize(1);
        assertThat(toolstack.calls()).contains("poweroff 1");
    }

    @Test
    void shouldEndWhenDom0IsToldTo() throws Exception {
        config("one", "");
        var toolstack = new FakeToolstack();
        List<DomainConfig> domains = read("one.cfg");
        CompletableFuture<Integer> code = CompletableFuture.supplyAsync(() -> {
            try {
                return up(toolstack, domains);
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        await().until(() -> toolstack.list().size() == 2);
        assertThat(Shell.at(runDir, folder, "down").code()).isZero();
        assertThat(code.get(10, TimeUnit.SECONDS)).isZero();
        assertThat(toolstack.list()).hasSize(1);
    }

    @Test
    void shouldReadFoldersInOrderAndRespectAfter() throws IOException {
        config("a", "after='c'");
        config("b", "");
        config("c", "after=['b']");
        assertThat(read(".")).extracting(DomainConfig::name).containsExactly("b", "c", "a");
        assertThat(read("c.cfg", "b.cfg")).extracting(DomainConfig::name).containsExactly("b", "c");
    }

    @Test
    void shouldRefuseCyclesUnknownNamesAndTwins() throws IOException {
        config("a", "after='b'");
        config("b", "after='a'");
        assertThatThrownBy(() -> read("."))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("wait for each other: [a, b]");
        assertThatThrownBy(() -> read("a.cfg")).hasMessageContaining("no domain of this setup is called 'b'");
        config("c", "");
        assertThatThrownBy(() -> read("c.cfg", "b.cfg", "b.name=c", "b.after=[]"))
                .hasMessageContaining("the name of two domains");
        Path empty = Files.createDirectory(folder.resolve("empty"));
        assertThatThrownBy(() -> read(empty.toString())).hasMessageContaining("no *.cfg in this folder");
    }

    @Test
    void shouldGiveChangesToTheDomainsThatTheyAreFor() throws IOException {
        config("a", "disk=['x.img,raw,xvda,r']; takes='disk'");
        config("b", "disk=['y.img,raw,xvda,w']");
        List<DomainConfig> domains = read("a.cfg", "b.cfg", "disk=/any.img", "b.memory=99", "on_crash=preserve");
        assertThat(disks(domains.get(0))).containsExactly("/any.img ro");
        assertThat(disks(domains.get(1))).containsExactly(folder + "/y.img rw");
        assertThat(domains).extracting(DomainConfig::memoryMib).containsExactly(64L, 99L);
        assertThat(domains).allMatch(domain -> domain.on().crash().word().equals("preserve"));
        assertThat(disks(read("b.cfg", "b.disk=['z,,xvdb']").getFirst())).containsExactly(folder + "/z rw");
        assertThatThrownBy(() -> read("b.cfg", "nobody.memory=1"))
                .hasMessageContaining("no domain of this setup is called 'nobody'");
        assertThatThrownBy(() -> read("b.cfg", "memroy=1")).hasMessageContaining("did you mean 'memory'?");
    }

    private static List<String> disks(DomainConfig domain) {
        return domain.disks().stream()
                .map((DiskConfig disk) -> disk.target() + (disk.writable() ? " rw" : " ro"))
                .toList();
    }

    @Test
    void shouldReportTheProblemsOfAllFilesAtOnce() throws IOException {
        config("a", "memory=0");
        config("b", "vcpus=0");
        assertThatThrownBy(() -> read(".", "a.cfg"))
                .hasMessageContaining("memory")
                .hasMessageContaining("vcpus");
    }

    @Test
    void shouldPrepareAFolderAndLeaveOptionalDomainsOut() throws IOException {
        config("a", "optional=1");
        Path setup = Files.writeString(folder.resolve("setup"), "#!/bin/sh\necho preparing in \"$PWD\"\nexit 3\n");
        assertThat(setup.toFile().setExecutable(true)).isTrue();
        Shell.Result failed = Shell.at(runDir, folder, "up", ".");
        assertThat(failed.code()).isEqualTo(1);
        assertThat(failed.err()).contains("preparing in " + folder.toRealPath(), "failed with exit code 3");
        Files.writeString(setup, "#!/bin/sh\nexit 0\n");
        Shell.Result nothing = Shell.at(runDir, folder, "up", ".");
        assertThat(nothing.code()).isEqualTo(1);
        assertThat(nothing.err())
                .contains("a: left out, since there is no " + folder.resolve("a.bin"), "no domain to start");
    }

    @Test
    void shouldShowWhatItWouldStart() throws IOException {
        config("a", "vnc=1");
        Shell.Result result = Shell.at(runDir, folder, "-N", "up", "a.cfg");
        assertThat(result.code()).isZero();
        assertThat(result.out()).contains("\"name\": \"a\"");
        assertThat(result.err()).contains("WARNING: a.cfg:2: vnc: a key of xl that is not acted on");
        assertThat(Arrays.asList(runDir.toFile().list())).isEmpty();
    }
}
