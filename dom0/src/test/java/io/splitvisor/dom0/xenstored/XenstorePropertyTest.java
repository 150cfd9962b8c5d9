// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.xenstored;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.dom0.xenstored.ReferenceStore.Request;
import io.splitvisor.xenstore.XsMessageType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random requests of three domains, inside and outside transactions, answer by answer against {@link ReferenceStore}: a
 * transaction that commits has seen and done what it would have, all at once, at its end; one that does not has met a
 * change of a node that it used.
 */
class XenstorePropertyTest {
    private static final int STEPS = 4000;
    private static final String[] NAMES = {"a", "b", "c"};
    private static final String[] OPERATIONS = {
        "READ", "READ", "WRITE", "WRITE", "WRITE", "MKDIR", "RM", "DIRECTORY", "GET_PERMS", "SET_PERMS"
    };

    /** A transaction that is open: what it asked, what it was told, and what others changed meanwhile. */
    private static final class Open {
        private final TestClient client;
        private final int id;
        private final List<Request> requests = new ArrayList<>();
        private final List<String> answers = new ArrayList<>();
        private final Set<String> changedByOthers = new HashSet<>();
        private final ReferenceStore touches;

        Open(TestClient client, int id, ReferenceStore now) {
            this.client = client;
            this.id = id;
            this.touches = now.copy();
        }
    }

    private final Bench bench = new Bench(1, 2);
    private final ReferenceStore reference = new ReferenceStore();
    private final List<TestClient> clients = new ArrayList<>();
    private final List<Open> open = new ArrayList<>();
    private Random random;
    private int committed;
    private int conflicts;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
    void shouldBehaveAsTheReference(long seed) {
        random = new Random(seed);
        for (int domid = 0; domid < 3; domid++) {
            clients.add(bench.connect(domid));
        }
        TestClient watcher = bench.connect(0);
        watcher.ask(XsMessageType.WATCH, "/", "all");
        for (int step = 0; step < STEPS; step++) {
            watcher.events();
            int kind = random.nextInt(10);
            if (kind == 0 && open.size() < 4) {
                TestClient client = clients.get(random.nextInt(clients.size()));
                open.add(new Open(client, client.begin(), reference));
            } else if (kind == 1 && !open.isEmpty()) {
                end(open.remove(random.nextInt(open.size())), watcher);
            } else if (kind < 6 && !open.isEmpty()) {
                inTransaction(open.get(random.nextInt(open.size())));
                assertThat(watcher.events()).isEmpty();
            } else {
                outside(watcher);
            }
            if (step % 100 == 0) {
                assertSame();
            }
        }
        for (Open each : List.copyOf(open)) {
            each.client.ask(XsMessageType.TRANSACTION_END, each.id, "F");
        }
        assertSame();
        assertMemoryIsExact(watcher);
        assertThat(committed).isGreaterThan(20);
        assertThat(conflicts).isGreaterThan(5);
    }

    private Request next(TestClient client) {
        StringBuilder path = new StringBuilder();
        int depth = random.nextInt(4);
        for (int i = 0; i < depth; i++) {
            path.append('/').append(NAMES[random.nextInt(NAMES.length)]);
        }
        String operation = OPERATIONS[random.nextInt(OPERATIONS.length)];
        List<String> arguments = List.of();
        if (operation.equals("WRITE")) {
            arguments = List.of("v" + random.nextInt(1000));
        } else if (operation.equals("SET_PERMS")) {
            int owner =
                    random.nextInt(3) == 0 ? random.nextInt(3) : client.client().domid();
            List<String> permissions = new ArrayList<>();
            permissions.add("nrwb".charAt(random.nextInt(4)) + Integer.toString(owner));
            for (int i = random.nextInt(3); i > 0; i--) {
                permissions.add("nrwb".charAt(random.nextInt(4)) + Integer.toString(random.nextInt(3)));
            }
            arguments = List.copyOf(permissions);
        }
        return new Request(operation, client.client().domid(), path.isEmpty() ? "/" : path.toString(), arguments);
    }

    private static String ask(TestClient client, int transaction, Request request) {
        if (request.operation().equals("WRITE")) {
            return client.write(transaction, request.path(), request.arguments().get(0));
        }
        List<String> all = new ArrayList<>();
        all.add(request.path());
        all.addAll(request.arguments());
        return client.ask(XsMessageType.valueOf(request.operation()), transaction, all.toArray(new String[0]));
    }

    private void outside(TestClient watcher) {
        TestClient client = clients.get(random.nextInt(clients.size()));
        Request request = next(client);
        Set<String> before = Set.copyOf(reference.nodes().keySet());
        String expected = reference.serve(request);
        assertThat(ask(client, 0, request)).as(request.toString()).isEqualTo(expected);
        Set<String> written = reference.takeWritten();
        for (Open each : open) {
            each.changedByOthers.addAll(written);
        }
        boolean news = expected.equals("OK|")
                && (!request.operation().equals("MKDIR") || !before.contains(request.path()))
                && (!request.operation().equals("RM") || before.contains(request.path()));
        assertThat(watcher.events())
                .as(request.toString())
                .isEqualTo(news ? List.of(request.path() + " all") : List.of());
    }

    private void inTransaction(Open each) {
        Request request = next(each.client);
        each.requests.add(request);
        each.answers.add(ask(each.client, each.id, request));
        // What it may have used: told by a store in which it is alone, which is exact as long as nobody interferes.
        String unused = each.touches.serve(request);
    }

    private void end(Open each, TestClient watcher) {
        String outcome = each.client.commit(each.id);
        ReferenceStore attempt = reference.copy();
        List<String> answers = new ArrayList<>();
        for (Request request : each.requests) {
            answers.add(attempt.serve(request));
        }
        Set<String> written = attempt.takeWritten();
        if (outcome.equals("EAGAIN")) {
            conflicts++;
            Set<String> used = new HashSet<>(each.touches.touched());
            used.addAll(attempt.touched());
            assertThat(Collections.disjoint(used, each.changedByOthers))
                    .as("conflict without a reason: %s", each.requests)
                    .isFalse();
            assertThat(watcher.events()).isEmpty();
            return;
        }
        assertThat(outcome).isEqualTo("OK|");
        committed++;
        assertThat(each.answers).isEqualTo(answers);
        for (Request request : each.requests) {
            String unused = reference.serve(request);
        }
        reference.takeWritten();
        for (Open other : open) {
            other.changedByOthers.addAll(written);
        }
        assertThat(watcher.events()).doesNotHaveDuplicates();
    }

    private void assertSame() {
        Map<String, ReferenceStore.Entry> dump = new TreeMap<>();
        for (String path : Tree.subtree(bench.core().tree(), "/")) {
            Node node = bench.core().tree().get(path);
            dump.put(
                    path,
                    new ReferenceStore.Entry(
                            new String(node.value(), US_ASCII),
                            node.permissions().texts(),
                            List.of(node.children())));
        }
        assertThat(dump).isEqualTo(reference.dump());
        assertThat(bench.core().tree().check()).isEmpty();
    }

    /** With no transaction open and nothing unread, a guest pays for its nodes and nothing else. */
    private void assertMemoryIsExact(TestClient watcher) {
        watcher.events();
        for (int domid = 1; domid < 3; domid++) {
            long expected = 0;
            for (String path : Tree.subtree(bench.core().tree(), "/")) {
                Node node = bench.core().tree().get(path);
                if (node.owner() == domid) {
                    expected += node.size() + path.length();
                }
            }
            assertThat(bench.domain(domid).memory()).isEqualTo(expected);
            assertThat(bench.domain(domid).used(Quota.OUTSTANDING)).isZero();
        }
    }
}
