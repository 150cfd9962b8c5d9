// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.management;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.splitvisor.dom0.management.ManagementClient.Answer;
import io.splitvisor.dom0.management.ManagementClient.Form;
import io.splitvisor.dom0.toolstack.FakeToolstack;
import io.splitvisor.dom0.toolstack.ShutdownReason;
import io.splitvisor.dom0.toolstack.ToolstackException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class ManagementServerTest {
    private static final JsonMapper MAPPER = JsonMapper.shared();

    @TempDir
    private Path runDir;

    private final FakeToolstack toolstack = new FakeToolstack();
    private final AtomicBoolean stopped = new AtomicBoolean();
    private ManagementServer server;
    private ManagementClient client;

    @BeforeEach
    void start() {
        server = start(Duration.ofSeconds(60));
        client = new ManagementClient(runDir);
    }

    private ManagementServer start(Duration idle) {
        return ManagementServer.start(
                runDir.resolve(ManagementClient.SOCKET),
                toolstack,
                new ManagementServer.Stop() {
                    @Override
                    public void domains(Duration grace) {
                        toolstack.calls().add("stop " + grace.toSeconds());
                    }

                    @Override
                    public void dom0() {
                        stopped.set(true);
                    }
                },
                idle);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void shouldCreateListAndDestroyADomain() {
        Answer created = post("/v1/domains", create("name='a'; type='exec'; kernel='k'; memory=32; vnc=1"));
        assertThat(created.status()).isEqualTo(201);
        assertThat(created.location()).isEqualTo("/v1/domains/1");
        JsonNode body = MAPPER.readTree(created.body());
        assertThat(body.path("domid").intValue()).isEqualTo(1);
        assertThat(body.path("warnings").get(0).path("key").stringValue()).isEqualTo("vnc");

        JsonNode list = get("/v1/domains");
        assertThat(list.size()).isEqualTo(2);
        assertThat(list.get(0).path("name").stringValue()).isEqualTo("Domain-0");
        assertThat(list.get(1).path("memory_kib").intValue()).isEqualTo(32 * 1024);
        assertThat(get("/v1/domains/a").path("domid").intValue()).isEqualTo(1);
        assertThat(get("/v1/domains?long=1")
                        .get(1)
                        .path("config")
                        .path("b_info")
                        .path("guest")
                        .path("kernel")
                        .stringValue())
                .isEqualTo("/cfg/k");

        assertThat(client.request("DELETE", "/v1/domains/a", Form.JSON, "").status())
                .isEqualTo(200);
        assertThat(get("/v1/domains").size()).isEqualTo(1);
    }

    @Test
    void shouldReportEveryProblemOfAConfiguration() {
        Answer answer = post("/v1/domains", create("nmae='a'\ntype='hvm'\nmemory=x"));
        assertThat(answer.status()).isEqualTo(400);
        JsonNode error = MAPPER.readTree(answer.body()).path("error");
        assertThat(error.path("kind").stringValue()).isEqualTo("bad-config");
        assertThat(error.path("problems").size()).isGreaterThanOrEqualTo(3);
        assertThat(error.path("problems").get(0).path("line").intValue()).isEqualTo(1);
        assertThat(toolstack.list()).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource({
        "GET, /v1/domains/nobody, 404, is an invalid domain identifier (rc=-6)",
        "GET, /v1/domains/7, 404, Error: Domain '7' does not exist.",
        "POST, /v1/domains/7/pause, 404, does not exist",
        "DELETE, /v1/domains/0, 409, Not destroying domain 0",
        "GET, /v1/domains/0/nothing, 404, no such path",
        "GET, /v1/domains/0/disks/xvda/more, 404, no such path",
        "GET, /v2/domains, 404, no such path",
        "GET, /, 404, no such path",
        "GET, /v1, 404, no such path",
        "PUT, /v1/domains, 405, allowed: GET",
        "GET, /v1/domains/0/pause, 405, allowed: POST",
        "PATCH, /v1/dmesg, 405, allowed: GET",
        "DELETE, /v1/domains/0/disks/nodevice, 404, Device nodevice not connected",
        "GET, /v1/domains/0/console, 400, a console needs",
        "GET, /v1/domains/%zz, 400, bad request target",
        "GET, /v1/domains/0/wait?for=x, 400, 'for' is shutdown",
        "GET, /v1/domains/0/wait?timeout=-1, 400, a time is a number"
    })
    void shouldRefuseWithStatusAndReason(String method, String target, int status, String reason) {
        Answer json = client.request(method, target, Form.JSON, "");
        assertThat(json.status()).isEqualTo(status);
        assertThat(MAPPER.readTree(json.body()).path("error").path("message").stringValue())
                .contains(reason);
        assertThat(client.request(method, target, Form.TEXT, "").body()).contains(reason);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[]",
                "1",
                "{",
                "{\"config\":1}",
                "{\"overrides\":\"x\"}",
                "{\"overrides\":[1]}",
                "{\"paused\":\"yes\"}",
                "{\"folder\":\"relative\"}",
                "{\"folder\":\"\\u0000\"}",
                "{\"config\":\"a\",\"config\":\"b\"}",
                "{} {}",
                "nonsense"
            })
    void shouldRefuseBodiesThatAreNoRequest(String body) {
        Answer answer = post("/v1/domains", body);
        assertThat(answer.status()).isEqualTo(400);
        assertThat(MAPPER.readTree(answer.body()).path("error").path("kind").stringValue())
                .isIn("invalid", "bad-config");
    }

    @Test
    void shouldAttachListAndDetachDisks() {
        post("/v1/domains", create("name='a'; type='exec'; kernel='k'"));
        Answer attached = post("/v1/domains/1/disks", "{\"spec\":[\"img,raw,xvdb,r\"],\"folder\":\"/images\"}");
        assertThat(attached.status()).isEqualTo(201);
        assertThat(attached.location()).isEqualTo("/v1/domains/1/disks/51728");
        JsonNode disk = get("/v1/domains/1/disks").get(0);
        assertThat(disk.path("disk").path("pdev_path").stringValue()).isEqualTo("/images/img");
        assertThat(disk.path("disk").path("readwrite").intValue()).isZero();
        assertThat(post("/v1/domains/1/disks", "{\"spec\":[\"img\"]}").status()).isEqualTo(400);
        assertThat(post("/v1/domains/1/disks", "{\"spec\":[\"img,raw,xvdb,r\"]}")
                        .status())
                .isEqualTo(409);
        assertThat(client.request("DELETE", "/v1/domains/a/disks/xvdb?force=1", Form.JSON, "")
                        .status())
                .isEqualTo(200);
        assertThat(toolstack.calls()).contains("detach 51728 force");
        assertThat(client.request("DELETE", "/v1/domains/a/disks/xvdb", Form.JSON, "")
                        .status())
                .isEqualTo(404);
    }

    @Test
    void shouldReplayAConsoleAndCarryBytesBothWays() {
        post("/v1/domains", create("name='a'; type='exec'; kernel='k'"));
        toolstack.guestWrites(1, "before\n");
        toolstack.guestEchoes(1);
        try (ConsoleConnection console = client.console("a", 0)) {
            assertThat(readUntil(console, "before\n")).isEqualTo("before\n");
            byte[] large = "0123456789abcdef".repeat(4096).getBytes(StandardCharsets.US_ASCII);
            Thread.ofVirtual().start(() -> console.write(large, 0, large.length));
            String echoed = readUntil(console, large.length);
            assertThat(echoed).isEqualTo(new String(large, StandardCharsets.US_ASCII));
            toolstack.destroy(1);
            assertThat(console.read(new byte[16])).isEqualTo(-1);
        }
        assertThatThrownBy(() -> client.console("a", 0))
                .isInstanceOf(ToolstackException.class)
                .hasMessage("a is an invalid domain identifier (rc=-6)");
    }

    @Test
    void shouldStreamEventsFromTheMomentThatTheStreamIsOpen() {
        try (EventReader events = client.events()) {
            post("/v1/domains", create("name='a'; type='exec'; kernel='k'; on_poweroff='preserve'"));
            toolstack.guestShutsDown(1, ShutdownReason.POWEROFF);
            toolstack.destroy(1);
            assertThat(events.next()).isEqualTo("created 1 a");
            assertThat(events.next()).isEqualTo("shutdown 1 0 a");
            assertThat(events.next()).isEqualTo("destroyed 1 a");
        }
        await().until(() -> toolstack.listenerCount() == 0);
        assertThat(toolstack.listenerCount()).isZero();
    }

    @Test
    void shouldEndEventsWhenDom0Closes() {
        try (EventReader events = client.events()) {
            server.close();
            assertThatThrownBy(events::next)
                    .isInstanceOf(ToolstackException.class)
                    .hasMessageContaining("lost the connection");
        }
    }

    @Test
    void shouldWaitForADomain() {
        post("/v1/domains", create("name='a'; type='exec'; kernel='k'"));
        assertThat(client.request("GET", "/v1/domains/1/wait?timeout=0", Form.JSON, "")
                        .status())
                .isEqualTo(504);
        Thread.ofVirtual().start(() -> {
            await().until(() -> toolstack.calls().contains("wait 1 DEATH"));
            toolstack.guestShutsDown(1, ShutdownReason.CRASH);
        });
        Answer answer = client.request("GET", "/v1/domains/1/wait?for=death&timeout=20", Form.JSON, "");
        assertThat(MAPPER.readTree(answer.body()).path("shutdown").stringValue())
                .isEqualTo("crash");
    }

    @Test
    void shouldStopDomainsFirstAndThenDom0() {
        assertThat(post("/v1/stop", "{\"grace_s\":\"3\"}").status()).isEqualTo(200);
        await().untilTrue(stopped);
        assertThat(toolstack.calls()).containsExactly("stop 3");
    }

    @Test
    void shouldKeepTheSocketToItsOwner() throws IOException {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(server.socket())))
                .isEqualTo("rw-------");
        server.close();
        assertThat(server.socket()).doesNotExist();
    }

    @ParameterizedTest
    @CsvSource({
        "'GET /v1/domains HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n', 413",
        "'POST /v1/domains HTTP/1.1\r\nContent-Length: -1\r\n\r\n', 400",
        "'nonsense\r\n\r\n', 400",
        "'GET /v1/domains HTTP/9.9\r\nConnection: close\r\n\r\n', ''",
        "'GET /v1/domains HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n', 400"
    })
    void shouldAnswerBadHttpAndGoOn(String raw, String status) throws IOException {
        String answer = raw(raw);
        if (!status.isEmpty()) {
            assertThat(answer).startsWith("HTTP/1.1 " + status);
        }
        assertThat(get("/v1/domains").size()).isEqualTo(1);
    }

    @Test
    void shouldRefuseOversizedLinesHeadersAndBodies() throws IOException {
        assertThat(raw("GET /" + "x".repeat(20_000) + " HTTP/1.1\r\n\r\n")).startsWith("HTTP/1.1 414");
        assertThat(raw("GET / HTTP/1.1\r\nX: " + "y".repeat(40_000) + "\r\n\r\n"))
                .startsWith("HTTP/1.1 431");
        String chunks = ("10000\r\n" + "z".repeat(0x10000) + "\r\n").repeat(40);
        assertThat(raw("POST /v1/domains HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks))
                .startsWith("HTTP/1.1 413");
        assertThat(get("/v1/domains").size()).isEqualTo(1);
    }

    @Test
    void shouldSurviveRandomBytes() throws IOException {
        var random = new Random(7);
        for (int round = 0; round < 300; round++) {
            var bytes = new byte[1 + random.nextInt(3000)];
            random.nextBytes(bytes);
            try (SocketChannel channel = open()) {
                write(channel, bytes);
                channel.shutdownOutput();
            }
        }
        assertThat(get("/v1/domains").size()).isEqualTo(1);
    }

    @Test
    void shouldDropConnectionsThatSayNothing() throws IOException {
        server.close();
        server = start(Duration.ofMillis(100));
        try (SocketChannel silent = open();
                SocketChannel half = open()) {
            write(half, "GET /v1/dom".getBytes(StandardCharsets.US_ASCII));
            assertThat(silent.read(ByteBuffer.allocate(16))).isEqualTo(-1);
            assertThat(half.read(ByteBuffer.allocate(16))).isEqualTo(-1);
        }
    }

    @Test
    void shouldRefuseMoreConnectionsThanItHoldsAndRecover() throws IOException {
        var open = new ArrayList<SocketChannel>();
        try {
            for (int i = 0; i < ManagementServer.MAX_CONNECTIONS; i++) {
                open.add(open());
            }
            await().untilAsserted(() -> assertThat(
                            client.request("GET", "/v1/host", Form.JSON, "").status())
                    .isEqualTo(503));
        } finally {
            for (SocketChannel channel : open) {
                channel.close();
            }
        }
        await().untilAsserted(() -> assertThat(
                        client.request("GET", "/v1/host", Form.JSON, "").status())
                .isEqualTo(200));
        assertThat(get("/v1/host").path("xen_scheduler").stringValue()).isEqualTo("linux");
    }

    @Test
    void shouldServeManyClientsAtOnce() throws InterruptedException {
        var threads = new ArrayList<Thread>();
        List<Integer> statuses = java.util.Collections.synchronizedList(new ArrayList<>());
        for (int i = 0; i < 64; i++) {
            String name = "d" + i;
            threads.add(Thread.ofVirtual().start(() -> {
                statuses.add(post("/v1/domains", create("name='" + name + "'; type='exec'; kernel='k'"))
                        .status());
                statuses.add(client.request("DELETE", "/v1/domains/" + name, Form.JSON, "")
                        .status());
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(statuses).hasSize(128).allMatch(status -> status == 201 || status == 200);
        assertThat(toolstack.list()).hasSize(1);
    }

    @Test
    void shouldSayThatNoDom0IsThere() {
        var nowhere = new ManagementClient(runDir.resolve("none"));
        assertThatThrownBy(() -> nowhere.request("GET", "/v1/domains", Form.JSON, ""))
                .isInstanceOf(ToolstackException.class)
                .hasMessageContaining("cannot reach a Dom0 in " + runDir.resolve("none"))
                .hasMessageContaining("splitvisor dom0");
    }

    private Answer post(String target, String body) {
        return client.request("POST", target, Form.JSON, body);
    }

    private JsonNode get(String target) {
        Answer answer = client.request("GET", target, Form.JSON, "");
        assertThat(answer.status()).isEqualTo(200);
        return MAPPER.readTree(answer.body());
    }

    private static String create(String config) {
        return Json.line(Json.object("source", "t.cfg", "config", config, "folder", "/cfg", "override_folder", "/cwd"));
    }

    private SocketChannel open() throws IOException {
        SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        channel.connect(UnixDomainSocketAddress.of(server.socket()));
        return channel;
    }

    private static void write(SocketChannel channel, byte[] bytes) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        try {
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
        } catch (IOException _) {
            // the server has heard enough and closed
        }
    }

    private String raw(String request) throws IOException {
        try (SocketChannel channel = open()) {
            Thread.ofVirtual().start(() -> write(channel, request.getBytes(StandardCharsets.ISO_8859_1)));
            ByteBuffer answer = ByteBuffer.allocate(1 << 16);
            while (answer.position() < 12 && channel.read(answer) >= 0) {}
            return new String(answer.array(), 0, answer.position(), StandardCharsets.ISO_8859_1);
        }
    }

    private static String readUntil(ConsoleConnection console, String end) {
        return readUntil(console, end.length());
    }

    private static String readUntil(ConsoleConnection console, int length) {
        var text = new StringBuilder();
        var chunk = new byte[4096];
        while (text.length() < length) {
            int n = console.read(chunk);
            assertThat(n).isPositive();
            text.append(new String(chunk, 0, n, StandardCharsets.ISO_8859_1));
        }
        return text.toString();
    }
}
