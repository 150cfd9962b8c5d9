// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.stress.soak;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.host.Poll;
import io.splitvisor.host.UnixListener;
import io.splitvisor.host.UnixSocket;
import io.splitvisor.ring.FrontRing;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.function.ToLongFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two JVMs, one memfd, two eventfds: no wake-up is lost, no payload torn, nothing answered twice or not at all.
 *
 * <p>{@code -Dsoak.seconds=N} sets the length of each test (3 by default), {@code -Dsoak.seed=N} repeats the choices of a
 * run, though not its timing.
 */
@Timeout(value = 1, unit = TimeUnit.DAYS)
class TwoProcessSoakIT {
    private static final double SECONDS = Double.parseDouble(System.getProperty("soak.seconds", "3"));
    private static final long SEED = Long.getLong("soak.seed", System.nanoTime());
    private static final int CONNECT_MILLIS = 60_000;

    @TempDir
    private Path folder;

    private UnixListener listener;
    private Process child;

    @BeforeEach
    void listen() {
        listener = new UnixListener(folder.resolve("s"));
    }

    @AfterEach
    void stop() throws InterruptedException {
        listener.close();
        if (child != null) {
            child.destroyForcibly().waitFor();
        }
    }

    private void soak(String kind, Link link, ToLongFunction<Link> mySide) throws Exception {
        child = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx128m",
                        "-XX:+UseSerialGC",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        SoakChild.class.getName(),
                        folder.resolve("s").toString(),
                        kind,
                        Long.toString((long) (SECONDS * 1e9)),
                        Long.toString(SEED))
                .inheritIO()
                .start();
        try (Poll connecting = new Poll(listener.fd())) {
            assertThat(connecting.await(CONNECT_MILLIS))
                    .as("the child connects")
                    .isOne();
        }
        try (UnixSocket socket = listener.accept()) {
            link.handOver(socket);
            long mine = mySide.applyAsLong(link);
            StringBuilder report = new StringBuilder();
            for (char c = (char) socket.receive(1)[0]; c != '\n'; c = (char) socket.receive(1)[0]) {
                report.append(c);
            }
            System.out.printf(
                    "%s, %.0f s, seed %d: %,d; parent: %s; child: %s%n",
                    kind, SECONDS, SEED, mine, link.counts(), report);
            assertThat(report.substring(0, report.indexOf(" ")))
                    .as("what one side sent, the other got")
                    .isEqualTo(Long.toString(mine));
            assertThat(child.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(child.exitValue()).isZero();
            assertThat(mine).as("work done").isGreaterThan((long) (10_000 * SECONDS));
        }
    }

    @Test
    void shouldLoseNothingWithXensEvents() throws Exception {
        try (Link link = Link.create(Link.Notification.EVENTS)) {
            FrontRing.init(link.ring(), Link.SLOT_BYTES);
            soak("events", link, l -> new RingSoak.Back(l, ~SEED).run());
        }
    }

    @Test
    void shouldLoseNothingWithDoorbells() throws Exception {
        try (Link link = Link.create(Link.Notification.DOORBELLS)) {
            FrontRing.init(link.ring(), Link.SLOT_BYTES);
            soak("doorbells", link, l -> new RingSoak.Back(l, ~SEED).run());
        }
    }

    @Test
    void shouldLoseNoByte() throws Exception {
        try (Link link = Link.create(Link.Notification.DOORBELLS)) {
            soak("bytes", link, l -> ByteSoak.consume(l, ~SEED));
        }
    }
}
