// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.xenstore;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class XenstoreConnectionTest {
    private static final byte[] OK = Payloads.strings("OK");

    private ScriptedTransport transport;

    private XenstoreConnection connect(BiConsumer<ScriptedTransport, XsMessage> script) {
        transport = new ScriptedTransport(message -> script.accept(transport, message));
        return new XenstoreConnection(transport, Duration.ofSeconds(30));
    }

    private static void assertError(XsError error, ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOfSatisfying(XenstoreException.class, e -> assertThat(e.error())
                .isEqualTo(error));
    }

    @Test
    void shouldSendWhatTheProtocolSays() {
        Xenstore store = connect((to, message) -> to.reply(message, OK));
        store.write("/a", "v\0w");
        store.mkdir("/m");
        store.rm("/r");
        store.setPermissions("/p", Permissions.parse(List.of("n0", "r5")));
        store.introduce(3, 77, 9);
        store.setTarget(3, 4);
        store.resetWatches();
        assertThat(transport.sent())
                .extracting(message -> XsMessageType.of(message.type()) + " "
                        + new String(message.payload(), US_ASCII).replace('\0', '|'))
                .containsExactly(
                        "WRITE /a|v|w",
                        "MKDIR /m|",
                        "RM /r|",
                        "SET_PERMS /p|n0|r5|",
                        "INTRODUCE 3|77|9|",
                        "SET_TARGET 3|4|",
                        "RESET_WATCHES |");
    }

    @Test
    void shouldMatchRepliesInAnyOrder() throws Exception {
        List<XsMessage> held = new ArrayList<>();
        Xenstore store = connect((to, message) -> {
            synchronized (held) {
                held.add(message);
                if (held.size() == 5) {
                    for (XsMessage each : held.reversed()) {
                        to.reply(each, each.text().getBytes(US_ASCII));
                    }
                }
            }
        });
        List<CompletableFuture<String>> answers = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            String path = "/p" + i;
            answers.add(CompletableFuture.supplyAsync(() -> store.read(path), task -> new Thread(task).start()));
        }
        for (int i = 0; i < 5; i++) {
            assertThat(answers.get(i).get(30, TimeUnit.SECONDS)).isEqualTo("/p" + i);
        }
    }

    @Test
    void shouldTurnErrorsIntoExceptions() {
        Xenstore store = connect((to, message) -> to.refuse(message, "EACCES"));
        assertError(XsError.EACCES, () -> store.read("/a"));
        assertError(XsError.EACCES, () -> store.list("/a"));
        assertThat(store.readIfPresent("/a")).isNull();
        assertThat(store.exists("/a")).isFalse();
        Xenstore failing = connect((to, message) -> to.refuse(message, "EIO"));
        assertError(XsError.EIO, () -> failing.exists("/a"));
        Xenstore confused = connect(
                (to, message) -> to.push(new XsMessage(XsMessageType.WRITE.code(), message.requestId(), 0, OK)));
        assertError(XsError.EIO, () -> confused.read("/a"));
    }

    @Test
    void shouldNotSendWhatCannotBeSaid() {
        Xenstore store = connect((to, message) -> to.reply(message, OK));
        assertError(XsError.EINVAL, () -> store.read("/a\0/b"));
        assertError(XsError.EINVAL, () -> store.write("/a\0/b", "v"));
        assertError(XsError.EINVAL, () -> store.read("/\u20ac"));
        assertError(XsError.EINVAL, () -> store.watch("/a", "t\0u"));
        assertError(XsError.E2BIG, () -> store.write("/a", "v".repeat(4096)));
        assertThat(transport.sent()).isEmpty();
    }

    @Test
    void shouldListInPartsAndStartAgainWhenTheNodeChanges() {
        List<String> asked = new ArrayList<>();
        Xenstore store = connect((to, message) -> {
            if (message.is(XsMessageType.DIRECTORY)) {
                to.refuse(message, "E2BIG");
                return;
            }
            String offset = Payloads.split(message.payload(), 0).get(1);
            asked.add(offset);
            boolean first = asked.size() < 3;
            switch (offset) {
                case "0" -> to.reply(message, Payloads.strings(first ? "7" : "8", "a", "bc"));
                case "5" -> to.reply(message, Payloads.strings("8", "d", ""));
                default -> to.refuse(message, "EINVAL");
            }
        });
        assertThat(store.list("/many")).containsExactly("a", "bc", "d");
        assertThat(asked).containsExactly("0", "5", "0", "5");
    }

    @Test
    void shouldGiveUpAListingThatAlwaysChanges() {
        int[] generation = {0};
        Xenstore store = connect((to, message) -> {
            if (message.is(XsMessageType.DIRECTORY)) {
                to.refuse(message, "E2BIG");
            } else {
                to.reply(message, Payloads.strings(Integer.toString(generation[0]++), "a"));
            }
        });
        assertError(XsError.EAGAIN, () -> store.list("/many"));
    }

    @Test
    void shouldRepeatATransactionThatConflicts() {
        int[] ends = {0};
        Xenstore store = connect((to, message) -> {
            if (message.is(XsMessageType.TRANSACTION_START)) {
                to.reply(message, Payloads.strings("3000000000"));
            } else if (message.is(XsMessageType.TRANSACTION_END) && ends[0]++ < 4) {
                to.refuse(message, "EAGAIN");
            } else {
                to.reply(message, OK);
            }
        });
        int[] runs = {0};
        int result = store.transaction(t -> {
            assertThat(Integer.toUnsignedLong(t.id())).isEqualTo(3_000_000_000L);
            t.write("/a", "1");
            return ++runs[0];
        });
        assertThat(result).isEqualTo(5);
        assertThat(transport.sent())
                .filteredOn(message -> message.is(XsMessageType.WRITE))
                .allMatch(message -> message.transactionId() == (int) 3_000_000_000L);
    }

    @Test
    void shouldAbortATransactionWhoseBodyFails() {
        Xenstore store = connect((to, message) ->
                to.reply(message, message.is(XsMessageType.TRANSACTION_START) ? Payloads.strings("1") : OK));
        assertThatThrownBy(() -> store.transaction(t -> {
                    throw new IllegalStateException("no");
                }))
                .isInstanceOf(IllegalStateException.class);
        assertThat(transport.sent().getLast().text()).isEqualTo("F");
        Transaction transaction = store.begin();
        transaction.commit();
        assertThat(transaction.isOpen()).isFalse();
        assertThatThrownBy(transaction::abort).isInstanceOf(IllegalStateException.class);
        transaction.close();
        assertThat(transport.sent().getLast().text()).isEqualTo("T");
    }

    @Test
    void shouldFailEverythingWhenTheConnectionEnds() throws Exception {
        CompletableFuture<Void> asked = new CompletableFuture<>();
        Xenstore store = connect((to, message) -> {
            if (message.is(XsMessageType.WATCH)) {
                to.reply(message, OK);
            } else {
                asked.complete(null);
            }
        });
        Watch watch = store.watch("/a", "t");
        CompletableFuture<String> answer =
                CompletableFuture.supplyAsync(() -> store.read("/a"), task -> new Thread(task).start());
        asked.get(30, TimeUnit.SECONDS);
        transport.end();
        assertThatThrownBy(() -> answer.get(30, TimeUnit.SECONDS)).hasCauseInstanceOf(XenstoreException.class);
        assertError(XsError.EIO, watch::take);
        assertError(XsError.EIO, () -> store.read("/b"));
    }

    @Test
    void shouldFailARequestThatIsNotAnsweredAndGoOn() {
        transport = new ScriptedTransport(message -> {
            if (!message.text().equals("/slow")) {
                transport.reply(message, OK);
            }
        });
        Xenstore store = new XenstoreConnection(transport, Duration.ofMillis(20));
        assertError(XsError.EIO, () -> store.read("/slow"));
        transport.reply(transport.sent().getFirst(), OK);
        assertThat(store.read("/fast")).isEqualTo("OK\0");
    }

    @Test
    void shouldFailTheRequestOfAnInterruptedThreadOnly() {
        Xenstore store = connect((to, message) -> {
            if (message.text().equals("/slow")) {
                Thread.currentThread().interrupt();
            } else {
                to.reply(message, OK);
            }
        });
        assertError(XsError.EIO, () -> store.read("/slow"));
        assertThat(Thread.interrupted()).isTrue();
        assertThat(store.read("/fast")).isEqualTo("OK\0");
    }

    @Test
    void shouldSurviveAServerThatTalksNonsense() {
        Xenstore store = connect((to, message) -> to.reply(message, OK));
        transport.push(new XsMessage(XsMessageType.WATCH_EVENT.code(), 0, 0, new byte[] {1, 2, 3}));
        transport.push(new XsMessage(99, 12345, 0, new byte[0]));
        transport.event("/unasked", "nobody");
        assertThat(store.read("/a")).isEqualTo("OK\0");
        transport.pushTooLong();
        assertError(XsError.EIO, () -> store.read("/a"));
    }

    @Test
    void shouldHandEventsToTheWatchTheyBelongTo() {
        Xenstore store = connect((to, message) -> to.reply(message, OK));
        Watch one = store.watch("/a", "same");
        Watch two = store.watch("/b", "same");
        Watch root = store.watch("/", "root");
        transport.event("/a/x", "same");
        transport.event("/ab", "same");
        transport.event("/b", "same");
        transport.event("/z", "root");
        assertThat(one.take()).isEqualTo(new WatchEvent("/a/x", "same"));
        assertThat(two.take()).isEqualTo(new WatchEvent("/b", "same"));
        assertThat(root.take()).isEqualTo(new WatchEvent("/z", "root"));
        assertThat(one.poll(0, TimeUnit.SECONDS)).isNull();
        one.close();
        transport.event("/a/y", "same");
        assertError(XsError.EIO, one::take);
        assertThat(transport.sent().getLast().type()).isEqualTo(XsMessageType.UNWATCH.code());
        one.close();
    }

    @Test
    void shouldForgetAWatchThatWasRefused() {
        Xenstore store = connect((to, message) -> {
            to.event("/a", "t");
            to.refuse(message, "EEXIST");
        });
        assertError(XsError.EEXIST, () -> store.watch("/a", "t"));
        transport.event("/a", "t");
        assertThat(transport.isClosed()).isFalse();
    }

    @Test
    void x28_shouldKeepNoMoreEventsThanItsLimit() {
        Xenstore store = connect((to, message) -> to.reply(message, OK));
        Watch watch = store.watch("/w", "t");
        for (int i = 0; i < 100_000; i++) {
            transport.event("/w/same", "t");
        }
        assertThat(watch.take().path()).isEqualTo("/w/same");
        assertThat(watch.poll(0, TimeUnit.SECONDS)).isNull();
        for (int i = 0; i < 10 * ClientWatch.MAX_PENDING; i++) {
            transport.event("/w/" + i, "t");
        }
        List<String> events = new ArrayList<>();
        WatchEvent event;
        while ((event = watch.poll(0, TimeUnit.SECONDS)) != null) {
            events.add(event.path());
        }
        assertThat(events).hasSizeLessThanOrEqualTo(ClientWatch.MAX_PENDING).contains("/w");
    }

    @Test
    void shouldCallHandlersInOrderAndOutliveTheirFailures() throws Exception {
        Xenstore store = connect((to, message) -> to.reply(message, OK));
        BlockingQueue<String> seen = new LinkedBlockingQueue<>();
        Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
        CompletableFuture<Throwable> failure = new CompletableFuture<>();
        Thread.setDefaultUncaughtExceptionHandler((thread, e) -> failure.complete(e));
        try (Watch unused = store.watch("/w", "t", event -> {
            seen.add(event.path());
            if (event.path().equals("/w/bad")) {
                throw new IllegalStateException("handler");
            }
        })) {
            for (String path : List.of("/w/1", "/w/bad", "/w/2")) {
                transport.event(path, "t");
            }
            assertThat(seen.poll(30, TimeUnit.SECONDS)).isEqualTo("/w/1");
            assertThat(seen.poll(30, TimeUnit.SECONDS)).isEqualTo("/w/bad");
            assertThat(seen.poll(30, TimeUnit.SECONDS)).isEqualTo("/w/2");
            assertThat(failure.get(30, TimeUnit.SECONDS)).hasMessage("handler");
            assertThatThrownBy(unused::take).isInstanceOf(IllegalStateException.class);
        } finally {
            Thread.setDefaultUncaughtExceptionHandler(before);
        }
        store.close();
        assertThat(transport.isClosed()).isTrue();
    }
}
