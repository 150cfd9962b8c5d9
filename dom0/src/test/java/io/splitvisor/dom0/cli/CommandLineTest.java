// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.splitvisor.dom0.cli.Shell.Result;
import io.splitvisor.dom0.toolstack.FakeToolstack;
import io.splitvisor.dom0.toolstack.ShutdownReason;
import java.io.IOException;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class CommandLineTest {
    private static final JsonMapper MAPPER = JsonMapper.shared();

    @TempDir
    private Path runDir;

    @TempDir
    private Path folder;

    private Shell shell;

    @BeforeEach
    void start() throws IOException {
        shell = new Shell(runDir, folder, new FakeToolstack());
        config("a");
    }

    private void config(String name) throws IOException {
        Files.writeString(
                folder.resolve(name + ".cfg"), "name='" + name + "'; type='exec'; kernel='k'\ndisk=['i,raw,xvda,w']\n");
    }

    @AfterEach
    void stop() {
        shell.close();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "nothing                 | 1 | command not implemented",
                "pau                     | 0 | ",
                "p                       | 1 | command not implemented",
                "b                       | 1 | command not implemented",
                "-x list                 | 1 | unknown global option",
                "list -q                 | 2 | option `q' not supported.",
                "list --nothing          | 2 | option `--nothing' not supported.",
                "list -lx                | 2 | option `x' not supported.",
                "list --long=1           | 2 | option `--long=1' not supported.",
                "list --output           | 2 | option `--output' requires an argument.",
                "--output xml list       | 1 | unknown output format 'xml', expected table or json",
                "--output=xml list       | 1 | unknown output format 'xml', expected table or json",
                "--run-dir               | 1 | option `--run-dir' requires an argument.",
                "domname x               | 1 | Invalid domain id.",
                "domname 7               | 1 | Can't get domain name of domain id '7'",
                "domid 0                 | 1 | Can't get domid of domain name '0'",
                "mem-set a much          | 1 | invalid memory size: much",
                "sched-credit -w 1       | 1 | Must specify a domain.",
                "list --output xml       | 2 | unknown output format 'xml', expected table or json",
                "create -f               | 2 | option `f' requires an argument.",
                "pause                   | 2 | 'splitvisor pause' requires at least 1 argument.",
                "rename a                | 2 | 'splitvisor rename' requires at least 2 arguments.",
                "block-detach a          | 2 | 'splitvisor block-detach' requires at least 2 arguments.",
                "-N pause a              | 1 | command does not implement -N (dryrun) option",
                "pause nobody            | 1 | nobody is an invalid domain identifier (rc=-6)",
                "pause 99                | 1 | Error: Domain '99' does not exist.",
                "list 99                 | 1 | Error: Domain '99' does not exist.",
                "list nobody             | 1 | nobody is an invalid domain identifier (rc=-6)",
                "console nobody          | 1 | nobody is an invalid domain identifier (rc=-6)",
                "console -t serial 1     | 1 | console type supported are: pv",
                "console -e ab 1         | 1 | 'ab' is no escape character; expected one, or ^ and a letter",
                "shutdown                | 1 | You must specify -a or a domain id.",
                "shutdown nobody         | 1 | nobody is an invalid domain identifier (rc=-6)",
                "destroy 0               | 1 | Not destroying domain 0; use -f to force.",
                "block-attach nobody i,,xvda | 1 | nobody is an invalid domain identifier (rc=-6)",
                "block-attach 0 i        | 1 | disk: no vdev specified",
                "block-detach 0 xvdz     | 1 | not connected.",
                "create none.cfg         | 1 | none.cfg: cannot read: no such file",
                "create                  | 1 | no configuration file",
                "create a.cfg b.cfg      | 2 | ",
                "create /dev/null name=x | 1 | /dev/null: type: missing",
                "save a file             | 1 | save: not supported",
                "network-attach a        | 1 | network-attach: not supported",
                "bench nothing           | 1 | no benchmark 'nothing'"
            })
    void shouldFailWithXlsMessageAndCode(String line, int code, String message) {
        Result result = shell.run(line.split(" "));
        if (line.equals("pau")) {
            // The one verb that starts so runs, and needs an argument.
            assertThat(result.code()).isEqualTo(2);
            return;
        }
        assertThat(result.code()).isEqualTo(code);
        assertThat(result.err()).contains(message == null ? "" : message);
        if (message != null && !line.equals("--run-dir")) {
            shouldFailWithTheSameMessageInJson(line, code, message);
        }
    }

    private void shouldFailWithTheSameMessageInJson(String line, int code, String message) {
        Result result = shell.run(("--json " + line).split(" "));
        assertThat(result.code()).isEqualTo(code);
        // The text of verbs that name a domain comes from Dom0, and is the same; xl's own words for some are not.
        assertThat(MAPPER.readTree(result.out()).path("error").path("message").stringValue())
                .contains(message);
    }

    @Test
    void shouldCreateWithOptionsInAnyOrderAndOverrides() {
        Result result = shell.run("create", "a.cfg", "-p", "memory=96", "name=b");
        assertThat(result).isEqualTo(new Result(0, "", "Parsing config from a.cfg\n"));
        assertThat(shell.toolstack().calls()).containsExactly("create b paused");
        assertThat(shell.toolstack().info(1).memoryKib()).isEqualTo(96 * 1024);
        assertThat(shell.run("create", "-f", "a.cfg", "-q")).isEqualTo(new Result(0, "", ""));
        assertThat(shell.run("create", "--defconfig=a.cfg", "name='c'").code()).isZero();
        assertThat(shell.run("create", "/dev/null", "name='d'; type='exec'; kernel='/k'")
                        .code())
                .isZero();
        assertThat(shell.toolstack().list()).hasSize(5);
        assertThat(shell.run("create", "a.cfg").err()).contains("Domain with name \"a\" already exists.");
    }

    @Test
    void shouldResolvePathsAsTheUserMeansThem() throws IOException {
        Path sub = Files.createDirectories(folder.resolve("sub folder"));
        Files.writeString(sub.resolve("s.cfg"), "name='s'; type='exec'; kernel='k'; disk=['i,raw,xvda,w']");
        shell.run("create", "sub folder/s.cfg", "disk+=['j,raw,xvdb,w']");
        assertThat(shell.toolstack().info(1).config().orElseThrow().disks())
                .extracting(disk -> disk.target())
                .containsExactly(
                        sub.resolve("i").toString(), folder.resolve("j").toString());
        shell.run("create", "sub folder/s.cfg", "name=t", "disk=j");
        assertThat(shell.toolstack().info(2).config().orElseThrow().disks())
                .extracting(disk -> disk.target())
                .containsExactly(folder.resolve("j").toString());
        shell.run("block-attach", "s", "k,,xvdc");
        assertThat(shell.toolstack().blockList(1).getLast().disk().target())
                .isEqualTo(folder.resolve("k").toString());
    }

    @Test
    void shouldPauseUnpauseRenameAndDestroy() {
        shell.run("create", "a.cfg");
        assertThat(shell.run("pause", "a")).isEqualTo(new Result(0, "", ""));
        assertThat(shell.toolstack().info(1).paused()).isTrue();
        assertThat(shell.run("unp", "1").code()).isZero();
        assertThat(shell.toolstack().info(1).paused()).isFalse();
        assertThat(shell.run("rename", "a", "b").code()).isZero();
        assertThat(shell.run("rename", "b", "x/y").err()).contains("is no domain name");
        assertThat(shell.run("destroy", "b")).isEqualTo(new Result(0, "", ""));
        assertThat(shell.toolstack().list()).hasSize(1);
    }

    @Test
    void shouldSetMemoryInXlsUnits() {
        shell.run("create", "a.cfg");
        for (String size : new String[] {"32768", "32768k", "32m", "32M", "33554432b"}) {
            assertThat(shell.run("mem-set", "a", size)).isEqualTo(new Result(0, "", ""));
        }
        assertThat(shell.run("mem-max", "a", "1g")).isEqualTo(new Result(0, "", ""));
        assertThat(shell.toolstack().calls())
                .filteredOn("memory 1 32768"::equals)
                .hasSize(5);
        assertThat(shell.toolstack().calls()).contains("maxmem 1 1048576");
        assertThat(shell.run("mem-set", "a", "1t").err()).contains("too much");
        for (String size : new String[] {"m", "1x", "1.5g", "99999999999999", "999999999999t"}) {
            assertThat(shell.run("mem-set", "a", size))
                    .isEqualTo(new Result(1, "", "invalid memory size: " + size + "\n"));
        }
        assertThat(shell.run("mem-set", "nobody", "1m").code()).isOne();
        assertThat(shell.run("mem-set", "a").code()).isEqualTo(2);
    }

    @Test
    void shouldDetachByNameOrNumber() {
        shell.run("create", "a.cfg", "disk=['i,,xvda','j,,xvdb']");
        assertThat(shell.run("block-detach", "a", "xvda").code()).isZero();
        assertThat(shell.run("block-detach", "--force", "a", "51728").code()).isZero();
        assertThat(shell.toolstack().calls()).contains("detach 51712", "detach 51728 force");
        assertThat(shell.run("block-detach", "a", "xvda").err()).isEqualTo("Error: Device xvda not connected.\n");
    }

    @Test
    void shouldWaitForShutdownOrDeath() throws IOException {
        config("b");
        shell.run("create", "a.cfg", "on_poweroff=preserve");
        shell.run("create", "b.cfg");
        assertThat(shell.run("shutdown", "-w", "a").err())
                .isEqualTo(
                        "Shutting down domain 1\nWaiting for 1 domains\nDomain 1 has been shut down, reason code 0\n");
        assertThat(shell.run("shutdown", "-ww", "b").err()).isEqualTo("""
                        Shutting down domain 2
                        Waiting for 1 domains
                        Domain 2 has been shut down, reason code 0
                        Domain 2 continue waiting for death
                        Domain 2 has been destroyed
                        """);
        shell.run("create", "b.cfg", "on_reboot=destroy");
        assertThat(shell.run("reboot", "--wait", "b").err())
                .isEqualTo("Rebooting domain 3\nWaiting for 1 domains\nDomain 3 has been shut down, reason code 1\n");
    }

    @Test
    void shouldShutAllDownAtOnce() throws IOException {
        config("b");
        shell.run("create", "a.cfg");
        shell.run("create", "b.cfg");
        Result result = shell.run("shutdown", "-a", "-ww");
        assertThat(result.code()).isZero();
        assertThat(result.err())
                .contains("Waiting for 2 domains", "Domain 1 has been destroyed", "Domain 2 has been destroyed");
        assertThat(shell.toolstack().list()).hasSize(1);
        assertThat(shell.run("shutdown", "-a", "-w").err()).isEqualTo("Waiting for 0 domains\n");
    }

    @Test
    void shouldStayInTheForegroundUntilDeath() throws Exception {
        CompletableFuture<Result> foreground = CompletableFuture.supplyAsync(() -> shell.run("create", "-F", "a.cfg"));
        await().until(() -> shell.toolstack().list().size() == 2);
        shell.toolstack().guestShutsDown(1, ShutdownReason.POWEROFF);
        assertThat(foreground.get(10, TimeUnit.SECONDS).code()).isZero();
    }

    @Test
    void shouldSayThatAGuestDoesNotReact() {
        shell.run("create", "a.cfg");
        shell.toolstack().disobedient();
        for (String verb : List.of("shutdown", "reboot")) {
            Result result = shell.run(verb, "-w", "a");
            assertThat(result.code()).isEqualTo(1);
            assertThat(result.err())
                    .contains("Domain 1: guest didn't acknowledge control request: -9\n", "'destroy' ends it")
                    .doesNotContain("Waiting");
        }
        assertThat(shell.toolstack().list()).hasSize(2);
    }

    @Test
    void shouldShowAConsoleWithItsHistoryAndSendWhatIsTyped() throws Exception {
        shell.run("create", "a.cfg");
        shell.toolstack().guestWrites(1, "booted\n");
        var keys = new PipedOutputStream();
        shell.input(new PipedInputStream(keys));
        keys.write("hello\n".getBytes(StandardCharsets.US_ASCII));
        keys.flush();
        CompletableFuture<Result> console = CompletableFuture.supplyAsync(() -> shell.run("console", "a"));
        await().until(() -> shell.toolstack().guestRead(1).equals("hello\n"));
        shell.toolstack().guestWrites(1, "bye\n");
        shell.toolstack().guestShutsDown(1, ShutdownReason.POWEROFF);
        assertThat(console.get(10, TimeUnit.SECONDS)).isEqualTo(new Result(0, "booted\nbye\n", ""));
    }

    @Test
    void shouldLeaveTheConsoleAtTheEndOfItsInputWhenTheGuestHasAnswered() throws Exception {
        shell.run("create", "a.cfg");
        shell.toolstack().guestWrites(1, "booted\n");
        shell.input("hello\n");
        CompletableFuture<Result> console = CompletableFuture.supplyAsync(() -> shell.run("console", "a"));
        await().until(() -> shell.toolstack().guestRead(1).equals("hello\n"));
        shell.toolstack().guestWrites(1, "hello yourself\n");
        assertThat(console.get(10, TimeUnit.SECONDS)).isEqualTo(new Result(0, "booted\nhello yourself\n", ""));
        assertThat(shell.toolstack().list()).as("the domain goes on").hasSize(2);
    }

    @Test
    void shouldLeaveAConsoleThatNeverFallsSilent() {
        long quiet = Duration.ofSeconds(10).toNanos();
        var shown = new AtomicLong(System.nanoTime());
        long start = System.nanoTime();
        Thread printing = Thread.ofVirtual().start(() -> {
            while (!Thread.interrupted()) {
                shown.set(System.nanoTime());
                Thread.onSpinWait();
            }
        });
        ConsoleCommand.awaitSilence(shown, quiet / 2, quiet / 20);
        printing.interrupt();
        assertThat(System.nanoTime() - start).isBetween(quiet / 20, quiet);
    }

    @Test
    void shouldCreateWithTheConsoleAttached() throws Exception {
        var keys = new PipedOutputStream();
        shell.input(new PipedInputStream(keys));
        shell.toolstack().onCreate((toolstack, domid) -> toolstack.guestWrites(domid, "first line\n"));
        CompletableFuture<Result> console = CompletableFuture.supplyAsync(() -> shell.run("create", "-c", "a.cfg"));
        await().until(() -> shell.toolstack().list().size() == 2);
        keys.write("x".getBytes(StandardCharsets.US_ASCII));
        keys.flush();
        await().until(() -> shell.toolstack().guestRead(1).equals("x"));
        shell.toolstack().destroy(1);
        assertThat(console.get(10, TimeUnit.SECONDS).out()).isEqualTo("first line\n");
    }

    @ParameterizedTest
    @CsvSource({"^], 29", "^a, 1", "^A, 1", "^[, 27", "x, 120", "'', -1"})
    void shouldReadEscapeCharacters(String escape, int expected) {
        assertThat(ConsoleCommand.escapeByte(escape)).isEqualTo(expected);
    }

    static List<String> verbsThatAnswer() {
        return List.of(
                "list",
                "list -l",
                "vm-list",
                "vcpu-list",
                "vcpu-set a 1",
                "vcpu-set a none",
                "info",
                "uptime",
                "dmesg",
                "domid a",
                "domname 1",
                "block-list a",
                "pause a",
                "unpause a",
                "rename a b",
                "block-attach a j,,xvdb",
                "block-detach a xvda",
                "shutdown a",
                "reboot -w a",
                "shutdown -a",
                "destroy a",
                "bench",
                "-N create a.cfg",
                "create a.cfg name=z",
                "-N block-attach a j,,xvdb",
                "down a",
                "list nobody",
                "console nobody",
                "create none.cfg",
                "create /dev/null",
                "destroy 0",
                "-N up a.cfg",
                "suspend a",
                "create a.cfg b.cfg",
                "trace",
                "down nobody",
                "down a nobody no.one",
                "list --help",
                "help",
                "help list",
                "help nothing",
                "completion");
    }

    @ParameterizedTest
    @MethodSource("verbsThatAnswer")
    void shouldPrintJsonForEveryVerb(String line) throws IOException {
        shell.run("create", "-q", "a.cfg");
        Result result = shell.run((line + " --json").split(" "));
        JsonNode json = MAPPER.readTree(result.out());
        assertThat(json.isObject() || json.isArray()).as(result.toString()).isTrue();
        assertThat(json.has("error")).isEqualTo(result.code() != 0);
        assertThat(shell.run(("--json " + line).split(" ")).code()).isNotNegative();
    }

    @Test
    void shouldDescribeVerbsInJson() throws IOException {
        JsonNode all = MAPPER.readTree(shell.run("help", "--json").out());
        assertThat(all.size()).isEqualTo(Verbs.TABLE.size());
        JsonNode create = MAPPER.readTree(shell.run("--json", "help", "create").out());
        assertThat(create.path("name").stringValue()).isEqualTo("create");
        assertThat(create.path("options").get(4).toString())
                .isEqualTo("{\"letter\":\"f\",\"name\":\"defconfig\",\"argument\":\"FILE\","
                        + "\"help\":\"Use the given configuration file.\"}");
        assertThat(shell.run("create", "--help", "--json").out())
                .isEqualTo(shell.run("--json", "help", "create").out());
    }

    @Test
    void shouldPrintAConsoleAsJsonWithWholeCharacters() throws IOException {
        shell.run("create", "-q", "a.cfg");
        shell.toolstack().guestWrites(1, "grün \u001b[1m\n");
        Result result = shell.run("--json", "console", "a");
        assertThat(result.code()).isZero();
        assertThat(MAPPER.readTree(result.out()).path("output").stringValue()).isEqualTo("grün \u001b[1m\n");
        assertThat(result.out()).endsWith("\\n\"}\n");
    }

    @Test
    void shouldPrintOneDocumentWhateverGoesWrong() {
        shell.run("create", "-q", "a.cfg");
        Result result = shell.run("--json", "down", "nobody", "a", "none");
        assertThat(result.code()).isOne();
        assertThat(result.out().lines().filter("{"::equals)).hasSize(1);
        assertThat(shell.toolstack().list()).as("those that are there go").hasSize(1);
    }

    @Test
    void shouldKnowEveryVerbOfItsTable() {
        for (Verb verb : Verbs.TABLE) {
            assertThat(Verbs.find(verb.name())).isSameAs(verb);
            assertThat(Verbs.NOT_YET).doesNotContain(verb.name());
            assertThat(shell.run(verb.name(), "--help").out()).startsWith("Usage: splitvisor [-vtT");
        }
    }

    @Test
    void shouldPrintACompletionScriptWithEveryVerbAndOption() {
        Result result = shell.run("completion");
        assertThat(result.code()).isZero();
        for (Verb verb : Verbs.TABLE) {
            assertThat(result.out())
                    .contains("function _picocli_splitvisor_" + verb.name().replace("-", "") + "()");
        }
        assertThat(result.out()).contains("--defconfig", "--run-dir", "--force");
    }

    @ParameterizedTest
    @ValueSource(strings = {"--run-dir", "--run-dir="})
    void shouldLeaveTwoDom0sSideBySide(String option, @TempDir Path otherRunDir) {
        try (var other = new Shell(otherRunDir, folder, new FakeToolstack())) {
            shell.run("create", "a.cfg");
            String[] there = option.endsWith("=")
                    ? new String[] {option + otherRunDir, "create", "a.cfg", "name=elsewhere"}
                    : new String[] {"create", "a.cfg", "name=elsewhere", option, otherRunDir.toString()};
            assertThat(shell.run(there).code()).isZero();
            assertThat(shell.run("list").out()).contains("a  ").doesNotContain("elsewhere");
            assertThat(other.run("list").out()).contains("elsewhere").doesNotContain("\na ");
            assertThat(other.toolstack().list()).hasSize(2);
        }
        assertThat(shell.run("list").code()).isZero();
    }

    @Test
    void shouldEndTheDom0OnDown() throws InterruptedException {
        shell.run("create", "a.cfg");
        assertThat(shell.run("down")).isEqualTo(new Result(0, "", ""));
        shell.session().awaitStop();
        assertThat(shell.toolstack().calls()).contains("poweroff 1");
        assertThat(shell.toolstack().list()).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"destroy -f 0", "-f destroy Domain-0", "--json destroy -f Domain-0"})
    void shouldEndTheDom0WhenDomainZeroIsDestroyed(String line) throws InterruptedException {
        shell.run("create", "a.cfg");
        assertThat(shell.run(line.split(" "))).isEqualTo(new Result(0, line.startsWith("--json") ? "{}\n" : "", ""));
        shell.session().awaitStop();
        assertThat(shell.toolstack().list()).hasSize(2);
    }

    @Test
    void shouldDestroyGuestsThatDoNotObey() {
        shell.toolstack().disobedient();
        shell.run("create", "a.cfg");
        assertThat(shell.run("down", "-g", "0").code()).isZero();
        assertThat(shell.toolstack().calls()).contains("destroy 1");
    }

    @Test
    void shouldDestroyNamedGuestsThatDoNotObeyInTime() throws IOException {
        config("b");
        shell.toolstack().disobedient();
        shell.run("create", "a.cfg");
        shell.run("create", "b.cfg");
        assertThat(shell.run("down", "-g", "0", "a")).isEqualTo(new Result(0, "", "Shutting down domain 1\n"));
        assertThat(shell.toolstack().calls())
                .contains("poweroff 1", "destroy 1")
                .doesNotContain("poweroff 2");
        assertThat(shell.run("down", "-g", "soon", "b").err()).isEqualTo("'soon' is no number of seconds\n");
        assertThat(shell.toolstack().list()).hasSize(2);
    }

    @Test
    void shouldTakeOnlySomeDomainsDown() throws IOException {
        config("b");
        shell.run("create", "a.cfg");
        shell.run("create", "b.cfg");
        assertThat(shell.run("down", "a.cfg").code()).isZero();
        assertThat(shell.toolstack().list()).extracting(info -> info.name()).containsExactly("Domain-0", "b");
        assertThat(shell.run("down", "b", "nobody").code()).isEqualTo(1);
        assertThat(shell.session().isStopping()).isFalse();
    }

    @Test
    void shouldSayWhatIsMissingWhereNoDom0Runs(@TempDir Path empty) {
        Result result = shell.run("--run-dir", empty.toString(), "list");
        assertThat(result.code()).isEqualTo(1);
        assertThat(result.err()).contains("cannot reach a Dom0 in " + empty, "splitvisor dom0");
        JsonNode json = MAPPER.readTree(
                shell.run("--json", "--run-dir", empty.toString(), "list").out());
        assertThat(json.path("error").path("kind").stringValue()).isEqualTo("failed");
    }

    @ParameterizedTest
    @ValueSource(strings = {"--output json list", "--output=json list", "list --output json", "list --json"})
    void shouldPrintJsonHoweverItIsAskedFor(String line) {
        assertThat(MAPPER.readTree(shell.run(line.split(" ")).out()).isArray()).isTrue();
        assertThat(shell.run("--output", "table", "list").out()).startsWith("Name  ");
    }

    @Test
    void shouldNotWaitForDomainsThatAreNotThere() {
        assertThat(shell.run("down", "nobody"))
                .isEqualTo(new Result(1, "", "nobody is an invalid domain identifier (rc=-6)\n"));
    }

    @Test
    void shouldNameEveryUnsupportedVerbOnce() {
        assertThat(Verbs.NOT_YET).doesNotHaveDuplicates();
        assertThat(Set.copyOf(Verbs.NOT_YET)).hasSizeGreaterThan(70);
        for (String verb : Verbs.NOT_YET) {
            assertThat(shell.run(verb)).isEqualTo(new Result(1, "", verb + ": not supported\n"));
        }
    }
}
