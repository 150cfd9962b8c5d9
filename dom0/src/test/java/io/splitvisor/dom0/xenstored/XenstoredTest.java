// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.xenstored;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.splitvisor.xenstore.Permissions;
import io.splitvisor.xenstore.Permissions.Access;
import io.splitvisor.xenstore.RingTransport;
import io.splitvisor.xenstore.SocketTransport;
import io.splitvisor.xenstore.Transaction;
import io.splitvisor.xenstore.Watch;
import io.splitvisor.xenstore.WatchEvent;
import io.splitvisor.xenstore.Xenstore;
import io.splitvisor.xenstore.XenstoreConnection;
import io.splitvisor.xenstore.XenstoreException;
import io.splitvisor.xenstore.XsError;
import io.splitvisor.xenstore.XsMessageType;
import io.splitvisor.xenstore.XsWire;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The daemon with its real threads, its real client, and rings in real memory. */
class XenstoredTest {
    @TempDir
    private Path folder;

    private final KnownDomains domains = new KnownDomains();
    private Xenstored daemon;
    private Xenstore dom0;

    @BeforeEach
    void start() {
        daemon = Xenstored.start(domains);
        dom0 = daemon.connect();
    }

    @AfterEach
    void stop() {
        dom0.close();
        daemon.close();
    }

    /** A domain whose events reach it, or that has to look for itself. */
    private Xenstore guest(int domid, boolean events) {
        return guest(domid, events, Arena.ofAuto().allocate(4096, 4096));
    }

    private Xenstore guest(int domid, boolean events, MemorySegment page) {
        domains.add(domid);
        String home = "/local/domain/" + domid;
        dom0.mkdir(home);
        dom0.setPermissions(home, Permissions.of(domid, Access.NONE));
        RingTransport transport = new RingTransport(page, () -> daemon.domainEvent(domid));
        daemon.introduce(domid, page, events ? transport::onEvent : () -> {});
        return new XenstoreConnection(transport);
    }

    @Test
    void shouldServeDom0WithoutDetour() {
        dom0.write("/a/b", "value");
        assertThat(dom0.read("/a/b")).isEqualTo("value");
        assertThat(dom0.readIfPresent("/none")).isNull();
        assertThat(dom0.exists("/a")).isTrue();
        assertThat(dom0.list("/a")).containsExactly("b");
        dom0.rm("/a");
        assertThatThrownBy(() -> dom0.read("/a/b")).isInstanceOfSatisfying(XenstoreException.class, e -> {
            assertThat(e.error()).isEqualTo(XsError.ENOENT);
            assertThat(e.operation()).isEqualTo("READ");
            assertThat(e.path()).isEqualTo("/a/b");
        });
        assertThat(dom0.getDomainPath(7)).isEqualTo("/local/domain/7");
    }

    @Test
    void shouldServeAGuestOverItsRing() {
        try (Xenstore guest = guest(1, true)) {
            guest.write("data/large", "v".repeat(1900));
            assertThat(guest.read("data/large")).hasSize(1900);
            assertThat(dom0.read("/local/domain/1/data/large")).hasSize(1900);
            assertThat(dom0.isDomainIntroduced(1)).isTrue();
            assertThatThrownBy(() -> guest.read("/tool"))
                    .isInstanceOfSatisfying(
                            XenstoreException.class, e -> assertThat(e.error()).isEqualTo(XsError.EACCES));
            String result = guest.transaction(t -> {
                t.write("x", "1");
                return t.read("x");
            });
            assertThat(result).isEqualTo("1");
        }
    }

    @Test
    void shouldServeAGuestThatGetsNoEvents() {
        try (Xenstore guest = guest(1, false)) {
            for (int i = 0; i < 50; i++) {
                guest.write("k" + i, "v");
            }
            assertThat(guest.list("/local/domain/1")).hasSize(50);
            try (Watch watch = guest.watch("k1", "token")) {
                assertThat(watch.take()).isEqualTo(new WatchEvent("k1", "token"));
            }
        }
    }

    /** A wild store into the page: the connection starts over, and the guest's own code hardly notices. */
    @Test
    void x30_shouldServeAGuestWhoseRingBrokeAgain() throws Exception {
        MemorySegment page = Arena.ofAuto().allocate(4096, 4096);
        try (Xenstore guest = guest(1, true, page)) {
            BlockingQueue<WatchEvent> events = new LinkedBlockingQueue<>();
            guest.watch("watched", "token", events::add);
            assertThat(events.poll(30, TimeUnit.SECONDS)).isEqualTo(new WatchEvent("watched", "token"));
            for (int round = 0; round < 3; round++) {
                Transaction open = guest.begin();
                open.write("in-transaction", "x");
                page.set(ValueLayout.JAVA_INT, XsWire.REQ_PROD, page.get(ValueLayout.JAVA_INT, XsWire.REQ_CONS) + 5000);
                daemon.domainEvent(1);
                // Set again, and so fired again: whatever happened meanwhile is looked at.
                assertThat(events.poll(30, TimeUnit.SECONDS)).isEqualTo(new WatchEvent("watched", "token"));
                assertThatThrownBy(open::commit)
                        .isInstanceOfSatisfying(XenstoreException.class, e -> assertThat(e.error())
                                .isEqualTo(XsError.EAGAIN));
                assertThat(guest.exists("in-transaction")).isFalse();
                String written = "v" + round;
                assertThat(guest.<String>transaction(t -> {
                            t.write("watched", written);
                            return t.read("watched");
                        }))
                        .isEqualTo(written);
                assertThat(events.poll(30, TimeUnit.SECONDS)).isEqualTo(new WatchEvent("watched", "token"));
                assertThat(dom0.read("/local/domain/1/watched")).isEqualTo(written);
            }
        }
        assertThat(domains.reports()).isNotEmpty();
    }

    @Test
    void shouldRepeatATransactionThatTheConnectionDidNotSurvive() {
        MemorySegment page = Arena.ofAuto().allocate(4096, 4096);
        try (Xenstore guest = guest(1, true, page)) {
            AtomicInteger attempts = new AtomicInteger();
            guest.<String>transaction(t -> {
                t.write("n", "attempt " + attempts.incrementAndGet());
                if (attempts.get() == 1) {
                    page.set(
                            ValueLayout.JAVA_INT, XsWire.RSP_PROD, page.get(ValueLayout.JAVA_INT, XsWire.RSP_CONS) - 1);
                }
                return t.read("n");
            });
            assertThat(attempts.get()).isEqualTo(2);
            assertThat(guest.read("n")).isEqualTo("attempt 2");
        }
    }

    @Test
    void shouldServeAGuestWithManyThreads() throws Exception {
        try (Xenstore guest = guest(1, true);
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Boolean>> all = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                String name = "thread-" + i;
                Callable<Boolean> task = () -> {
                    for (int n = 0; n < 50; n++) {
                        guest.write(name, name + n);
                        if (!guest.read(name).equals(name + n)) {
                            return false;
                        }
                    }
                    return true;
                };
                all.add(threads.submit(task));
            }
            for (Future<Boolean> each : all) {
                assertThat(each.get(60, TimeUnit.SECONDS)).isTrue();
            }
        }
    }

    @Test
    void shouldCountExactlyWithConcurrentTransactions() throws Exception {
        dom0.write("/counter", "0");
        try (Xenstore guest = guest(1, true);
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            dom0.setPermissions("/counter", Permissions.of(0, Access.BOTH));
            List<Future<Integer>> all = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                Xenstore store = i % 2 == 0 ? dom0 : guest;
                Callable<Integer> task = () -> {
                    for (int n = 0; n < 10; n++) {
                        int unused = store.transaction(XenstoredTest::increment);
                    }
                    return 10;
                };
                all.add(threads.submit(task));
            }
            for (Future<Integer> each : all) {
                assertThat(each.get(60, TimeUnit.SECONDS)).isEqualTo(10);
            }
        }
        assertThat(dom0.read("/counter")).isEqualTo("80");
    }

    private static int increment(Transaction transaction) {
        int value = Integer.parseInt(transaction.read("/counter")) + 1;
        transaction.write("/counter", Integer.toString(value));
        return value;
    }

    @Test
    void shouldDeliverEventsToHandlersThatUseTheConnection() throws Exception {
        BlockingQueue<String> seen = new LinkedBlockingQueue<>();
        try (Xenstore guest = guest(1, true);
                Watch watch = guest.watch("state", "t", event -> {
                    String value = guest.readIfPresent(event.path());
                    seen.add(event.path() + "=" + value);
                })) {
            assertThat(watch.token()).isEqualTo("t");
            assertThat(seen.poll(20, TimeUnit.SECONDS)).isEqualTo("state=null");
            dom0.write("/local/domain/1/state", "4");
            assertThat(seen.poll(20, TimeUnit.SECONDS)).isEqualTo("state=4");
        }
    }

    @Test
    void shouldAnnounceDomains() {
        try (Watch introduced = dom0.watch("@introduceDomain", "i", 1, null);
                Watch released = dom0.watch("@releaseDomain", "r")) {
            assertThat(introduced.take().path()).isEqualTo("@introduceDomain");
            assertThat(released.take().path()).isEqualTo("@releaseDomain");
            Xenstore guest = guest(9, true);
            assertThat(introduced.take().path()).isEqualTo("@introduceDomain/9");
            guest.write("mine", "1");
            daemon.shutDown(9);
            assertThat(released.take().path()).isEqualTo("@releaseDomain");
            daemon.release(9);
            assertThat(released.take().path()).isEqualTo("@releaseDomain");
            assertThat(dom0.exists("/local/domain/9")).isFalse();
            guest.close();
        }
    }

    @Test
    void shouldEndInProcessConnectionsOfAReleasedDomain() {
        domains.add(4);
        try (Xenstore other = daemon.connect(4)) {
            Watch watch = other.watch("a", "t");
            assertThat(watch.take()).isNotNull();
            daemon.release(4);
            assertThatThrownBy(() -> other.read("a")).isInstanceOf(XenstoreException.class);
            assertThatThrownBy(watch::take).isInstanceOf(XenstoreException.class);
        }
    }

    @Test
    void shouldFailRequestsAfterItsEnd() {
        Path socket = folder.resolve("s");
        daemon.listen(socket);
        try (Xenstore tool = new XenstoreConnection(SocketTransport.connect(socket))) {
            assertThat(tool.exists("/tool")).isTrue();
            Watch watch = tool.watch("/tool", "t");
            assertThat(watch.take()).isNotNull();
            daemon.close();
            assertThatThrownBy(watch::take).isInstanceOf(XenstoreException.class);
            assertThatThrownBy(() -> tool.read("/tool")).isInstanceOf(XenstoreException.class);
        }
        assertThatThrownBy(() -> dom0.read("/tool")).isInstanceOf(XenstoreException.class);
        assertThatThrownBy(() -> daemon.connect()).isInstanceOf(XenstoreException.class);
        assertThatThrownBy(() -> SocketTransport.connect(socket)).isInstanceOf(XenstoreException.class);
        daemon.domainEvent(3);
        daemon.close();
    }

    @Test
    void shouldRefuseASocketThatIsServed() {
        Path socket = folder.resolve("s");
        daemon.listen(socket);
        try (Xenstored second = Xenstored.start(domains)) {
            assertThatThrownBy(() -> second.listen(socket))
                    .isInstanceOfSatisfying(
                            XenstoreException.class, e -> assertThat(e.error()).isEqualTo(XsError.EBUSY));
        }
        try (Xenstore tool = new XenstoreConnection(SocketTransport.connect(socket))) {
            assertThat(tool.exists("/tool")).isTrue();
        }
    }

    @Test
    void shouldLeaveAFileWhereItsSocketWasToBe() throws Exception {
        Path file = Files.writeString(folder.resolve("f"), "of somebody");
        assertThatThrownBy(() -> daemon.listen(file))
                .isInstanceOfSatisfying(
                        XenstoreException.class, e -> assertThat(e.error()).isEqualTo(XsError.EIO));
        assertThat(file).hasContent("of somebody");
    }

    @Test
    void shouldServeOthersWhileADomainAsksWithoutEnd() throws Exception {
        Path socket = folder.resolve("s");
        daemon.listen(socket);
        try (Xenstore flood = guest(1, true);
                Xenstore neighbour = guest(2, true);
                Xenstore tool = new XenstoreConnection(SocketTransport.connect(socket));
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            AtomicBoolean stop = new AtomicBoolean();
            List<Future<Integer>> floods = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                String path = "d/".repeat(500) + i;
                Callable<Integer> task = () -> {
                    int sent = 0;
                    while (!stop.get()) {
                        flood.exists(path);
                        sent++;
                    }
                    return sent;
                };
                floods.add(threads.submit(task));
            }
            for (int i = 0; i < 200; i++) {
                neighbour.write("n", Integer.toString(i));
                assertThat(tool.read("/local/domain/2/n")).isEqualTo(Integer.toString(i));
            }
            stop.set(true);
            int total = 0;
            for (Future<Integer> each : floods) {
                total += each.get(60, TimeUnit.SECONDS);
            }
            assertThat(total).isPositive();
        }
    }

    @Test
    void shouldServeHundredsOfDomains() {
        List<Xenstore> guests = new ArrayList<>();
        for (int domid = 1; domid <= 300; domid++) {
            guests.add(guest(domid, true));
        }
        for (Xenstore guest : guests) {
            guest.write("hello", "1");
        }
        assertThat(dom0.list("/local/domain")).hasSize(300);
        for (int domid = 1; domid <= 300; domid++) {
            assertThat(dom0.read("/local/domain/" + domid + "/hello")).isEqualTo("1");
            daemon.release(domid);
        }
        assertThat(dom0.list("/local/domain")).isEmpty();
        for (Xenstore guest : guests) {
            guest.close();
        }
        assertThat(new String(dom0.request(XsMessageType.CONTROL, "check\0".getBytes(US_ASCII)), US_ASCII))
                .isEqualTo("OK\0");
    }
}
