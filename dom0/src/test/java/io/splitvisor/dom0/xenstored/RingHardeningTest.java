// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.xenstored;

import static io.splitvisor.xenstore.XsMessageType.DIRECTORY;
import static io.splitvisor.xenstore.XsMessageType.MKDIR;
import static io.splitvisor.xenstore.XsMessageType.READ;
import static io.splitvisor.xenstore.XsMessageType.RM;
import static io.splitvisor.xenstore.XsMessageType.SET_PERMS;
import static io.splitvisor.xenstore.XsMessageType.TRANSACTION_START;
import static io.splitvisor.xenstore.XsMessageType.WATCH;
import static io.splitvisor.xenstore.XsMessageType.WRITE;
import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.xenstore.Payloads;
import io.splitvisor.xenstore.XsMessage;
import io.splitvisor.xenstore.XsMessageType;
import io.splitvisor.xenstore.XsWire;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Hostile and faulty use of a domain's ring: it ends that connection at most, and nobody else notices. */
class RingHardeningTest {
    private Bench bench;
    private TestClient dom0;
    private RingGuest guest;
    private RingGuest neighbour;

    @BeforeEach
    void start() {
        bench = new Bench();
        dom0 = bench.connect(0);
        guest = bench.introduce(1);
        neighbour = bench.introduce(2);
        for (RingGuest each : List.of(guest, neighbour)) {
            String home = "/local/domain/" + each.domid();
            dom0.ask(MKDIR, home);
            dom0.ask(SET_PERMS, home, "n" + each.domid());
            each.takeEvents();
        }
    }

    @AfterEach
    void shouldServeTheNeighbourAndKeepTheStoreSound() {
        assertThat(neighbour.write("fine", "yes")).isEqualTo("OK|");
        assertThat(neighbour.ask(READ, "fine")).isEqualTo("yes");
        assertThat(bench.core().tree().check()).isEmpty();
    }

    private static byte[] header(int type, int length) {
        byte[] bytes = new XsMessage(type, 1, 0, new byte[0]).encode();
        for (int i = 0; i < 4; i++) {
            bytes[12 + i] = (byte) (length >>> (8 * i));
        }
        return bytes;
    }

    private void assertIgnored(int error) {
        assertThat(guest.word(XsWire.ERROR)).isEqualTo(error);
        assertThat(bench.domain(1).used(Quota.WATCHES)).isZero();
        assertThat(bench.domain(1).used(Quota.TRANSACTIONS)).isZero();
        assertThat(guest.takeEvents()).isPositive();
        guest.sendRaw(new XsMessage(DIRECTORY.code(), 1, 0, Payloads.strings("/")).encode());
        assertThat(guest.takeEvents()).isZero();
        assertThat(bench.domains().reports()).hasSize(1).first().asString().startsWith("1: ");
    }

    @Test
    void shouldServeAGuest() {
        assertThat(guest.word(XsWire.SERVER_FEATURES)).isEqualTo(15);
        assertThat(guest.write("a/b", "value")).isEqualTo("OK|");
        assertThat(guest.ask(READ, "a/b")).isEqualTo("value");
        assertThat(guest.takeEvents()).isPositive();
        assertThat(dom0.read("/local/domain/1/a/b")).isEqualTo("value");
        String large = "v".repeat(1900);
        assertThat(guest.write("large", large)).isEqualTo("OK|");
        assertThat(guest.ask(READ, "large")).isEqualTo(large);
    }

    @Test
    void x1_shouldIgnoreADomainThatAnnouncesTooMuch() {
        guest.ask(WATCH, "a", "t");
        guest.ask(TRANSACTION_START, "");
        guest.sendRaw(header(READ.code(), XsWire.PAYLOAD_MAX + 1));
        assertIgnored(XsWire.ERROR_PROTO);
    }

    @Test
    void x2_shouldIgnoreADomainWithImpossibleRequestIndices() {
        guest.ask(WATCH, "a", "t");
        guest.setWord(XsWire.REQ_PROD, guest.word(XsWire.REQ_CONS) + XsWire.RING_SIZE + 1);
        guest.signal();
        assertIgnored(XsWire.ERROR_RINGIDX);
    }

    @Test
    void x2_shouldIgnoreADomainWithImpossibleReplyIndices() {
        guest.setWord(XsWire.RSP_CONS, guest.word(XsWire.RSP_PROD) + 5);
        guest.sendRaw(new XsMessage(READ.code(), 1, 0, Payloads.strings("a")).encode());
        assertIgnored(XsWire.ERROR_RINGIDX);
    }

    @Test
    void x2_shouldServeIndicesThatWrapAround() {
        int start = -20;
        guest.setWord(XsWire.REQ_CONS, start);
        guest.setWord(XsWire.REQ_PROD, start);
        guest.setWord(XsWire.RSP_CONS, start);
        guest.setWord(XsWire.RSP_PROD, start);
        for (int i = 0; i < 100; i++) {
            assertThat(guest.write("k", "v" + i)).isEqualTo("OK|");
            assertThat(guest.ask(READ, "k")).isEqualTo("v" + i);
        }
    }

    @Test
    void x3_shouldMarkNegativeLengthsOnce() {
        for (int length : new int[] {0x80000000, -1, 0x7fffffff}) {
            start();
            guest.sendRaw(header(READ.code(), length));
            assertIgnored(XsWire.ERROR_PROTO);
        }
    }

    @Test
    void x11_shouldNotReadADomainThatHasUsedUpItsMemoryUntilItIsBelow() {
        bench.domain(1).quotas().set(Quota.MEMORY, 10_000);
        for (int i = 0; i < 5; i++) {
            guest.write("m" + i, "v".repeat(1500));
        }
        bench.domain(1).quotas().set(Quota.MEMORY, 5_000);
        assertThat(guest.send(RM, 0, Payloads.strings("m0"))).isTrue();
        assertThat(guest.word(XsWire.REQ_CONS)).isNotEqualTo(guest.word(XsWire.REQ_PROD));
        assertThat(dom0.ask(RM, "/local/domain/1/m1")).isEqualTo("OK|");
        assertThat(dom0.ask(RM, "/local/domain/1/m2")).isEqualTo("OK|");
        assertThat(dom0.ask(RM, "/local/domain/1/m3")).isEqualTo("OK|");
        bench.run();
        assertThat(guest.word(XsWire.REQ_CONS)).isEqualTo(guest.word(XsWire.REQ_PROD));
        assertThat(guest.receive()).hasSize(1);
        assertThat(guest.ask(DIRECTORY, "/local/domain/1")).isEqualTo("m4|");
    }

    @Test
    void x12_shouldNotServeADomainThatReadsNoReplies() {
        guest.write("v", "v".repeat(1000));
        long before = bench.domain(1).memory();
        int sent = 0;
        while (sent < 5000 && guest.send(READ, 0, Payloads.strings("v"))) {
            sent++;
        }
        assertThat(bench.domain(1).used(Quota.OUTSTANDING)).isEqualTo(20);
        assertThat(bench.domain(1).memory() - before).isLessThan(20 * 1100);
        assertThat(sent).isLessThan(100);
        List<XsMessage> replies = guest.receive();
        assertThat(replies).hasSizeGreaterThanOrEqualTo(sent);
        assertThat(bench.domain(1).used(Quota.OUTSTANDING)).isZero();
        assertThat(bench.domain(1).memory()).isEqualTo(before);
    }

    @Test
    void x13_shouldKeepNothingButTheReplyOfAnExpensiveRequest() {
        for (int i = 0; i < 100; i++) {
            guest.write("dir/" + i, "v".repeat(100));
        }
        long before = bench.domain(1).memory();
        assertThat(guest.send(DIRECTORY, 0, Payloads.strings("dir"))).isTrue();
        assertThat(bench.domain(1).memory() - before).isLessThanOrEqualTo(XsWire.HEADER_SIZE + 300);
        guest.receive();
        assertThat(bench.domain(1).memory()).isEqualTo(before);
    }

    @Test
    void x14_shouldDropEventsThatAGuestDoesNotRead() {
        for (RingGuest each : List.of(guest, neighbour)) {
            each.ask(WATCH, "w", "token");
        }
        long before = bench.domain(1).memory();
        for (int i = 0; i < 200; i++) {
            dom0.write("/local/domain/1/w/" + i, "x");
            dom0.write("/local/domain/2/w/" + i, "x");
        }
        bench.run();
        long made = bench.domain(1).memory();
        assertThat(made).isGreaterThan(before);
        assertThat(neighbour.receive()).hasSize(200);
        bench.pass(15_000);
        for (int i = 0; i < 10; i++) {
            dom0.write("/local/domain/1/w/late-" + i, "x");
        }
        bench.pass(10_500);
        int left = guest.receive().size();
        // Those that fitted into the ring, and the ten that are younger than twenty seconds.
        assertThat(left).isBetween(20, 60);
        dom0.write("/local/domain/1/w/again", "x");
        bench.run();
        assertThat(guest.receive()).hasSize(1);
    }

    @Test
    void x14_shouldNotDropReplies() {
        guest.write("v", "v".repeat(1000));
        guest.ask(WATCH, "w", "token");
        for (int i = 0; i < 10; i++) {
            assertThat(guest.send(READ, 0, Payloads.strings("v"))).isTrue();
        }
        for (int i = 0; i < 100; i++) {
            dom0.write("/local/domain/1/w/" + i, "x");
        }
        bench.pass(60_000);
        assertThat(guest.receive()).hasSize(10).allMatch(message -> message.is(READ));
    }

    @Test
    void x24_shouldSlowDownAGuestThatMakesTransactionsFail() {
        int transaction = dom0.begin();
        int writes = 0;
        while (guest.send(WRITE, 0, Payloads.withValue("w", new byte[] {'1'})) && writes < 5000) {
            guest.receive();
            if (guest.word(XsWire.REQ_CONS) != guest.word(XsWire.REQ_PROD)) {
                break;
            }
            writes++;
        }
        assertThat(writes).isBetween(5, 60);
        assertThat(guest.receive()).isEmpty();
        dom0.ask(READ, transaction, "/local/domain/1/w");
        dom0.write(transaction, "/local/domain/1/by-dom0", "x");
        assertThat(dom0.commit(transaction)).isEqualTo("OK|");
        bench.pass(1000);
        assertThat(guest.receive()).hasSize(1);
        // With no transaction open there is nobody to be harmed.
        for (int i = 0; i < 500; i++) {
            assertThat(guest.write("w", "2")).isEqualTo("OK|");
        }
    }

    @Test
    void x26_shouldTellOfTheDeathOfAnIgnoredDomainWhenItHappens() {
        dom0.ask(WATCH, "@releaseDomain", "r");
        dom0.ask(WATCH, "@releaseDomain", "which", "1");
        dom0.ask(WATCH, "@releaseDomain/1", "it");
        dom0.events();
        guest.sendRaw(header(READ.code(), -1));
        assertThat(dom0.events()).isEmpty();
        bench.release(1);
        assertThat(dom0.events())
                .containsExactlyInAnyOrder("@releaseDomain r", "@releaseDomain/1 which", "@releaseDomain/1 it");
    }

    @Test
    void x29_shouldKeepHalfAHeaderToItself() {
        guest.sendRaw(Arrays.copyOf(header(READ.code(), 2), 7));
        assertThat(neighbour.ask(READ, "nothing")).isEqualTo("ENOENT");
        guest.sendRaw(Arrays.copyOfRange(header(READ.code(), 2), 7, 16));
        assertThat(neighbour.ask(READ, "nothing")).isEqualTo("ENOENT");
        guest.sendRaw(new byte[] {'a', 0});
        assertThat(guest.receive()).hasSize(1);
    }

    @Test
    void x30_shouldStartOverOnReconnect() {
        guest.ask(WATCH, "a", "t");
        guest.ask(TRANSACTION_START, "");
        guest.sendRaw(Arrays.copyOf(header(WRITE.code(), 100), 50));
        dom0.write("/local/domain/1/a", "event waits");
        bench.run();
        guest.takeEvents();
        guest.setWord(XsWire.CONNECTION, XsWire.RECONNECT);
        guest.signal();
        assertThat(guest.word(XsWire.CONNECTION)).isEqualTo(XsWire.CONNECTED);
        assertThat(guest.takeEvents()).isPositive();
        for (int offset = XsWire.REQ_CONS; offset <= XsWire.RSP_PROD; offset += 4) {
            assertThat(guest.word(offset)).isZero();
        }
        assertThat(bench.domain(1).used(Quota.WATCHES)).isZero();
        assertThat(bench.domain(1).used(Quota.TRANSACTIONS)).isZero();
        assertThat(guest.write("a", "again")).isEqualTo("OK|");
    }

    @Test
    void x30_shouldServeAnIgnoredDomainAgainAfterReconnect() {
        guest.sendRaw(header(READ.code(), -1));
        assertThat(guest.word(XsWire.ERROR)).isEqualTo(XsWire.ERROR_PROTO);
        guest.setWord(XsWire.CONNECTION, XsWire.RECONNECT);
        guest.signal();
        assertThat(guest.word(XsWire.ERROR)).isEqualTo(XsWire.ERROR_NONE);
        assertThat(guest.write("a", "again")).isEqualTo("OK|");
    }

    @Test
    void shouldLimitTheLinesThatADomainCausesInTheLog() {
        for (int i = 0; i < 100; i++) {
            guest.sendRaw(header(READ.code(), -1));
            guest.setWord(XsWire.CONNECTION, XsWire.RECONNECT);
            guest.signal();
        }
        assertThat(bench.domains().reports()).hasSize(1);
        bench.pass(10_000);
        guest.sendRaw(header(READ.code(), -1));
        assertThat(bench.domains().reports()).hasSize(2).last().asString().contains("99 more");
    }

    @Test
    void shouldTellOfMemoryThatADomainUses() {
        bench.domain(1).quotas().set(Quota.SOFT_MEMORY, 5_000);
        bench.domain(1).quotas().set(Quota.MEMORY, 10_000);
        for (int i = 0; i < 4; i++) {
            guest.write("m" + i, "v".repeat(1500));
        }
        assertThat(bench.domains().reports()).singleElement().asString().contains("soft");
        bench.pass(10_000);
        bench.domain(1).quotas().set(Quota.MEMORY, 5_000);
        guest.signal();
        assertThat(bench.domains().reports()).hasSize(2).last().asString().contains("used up");
        bench.pass(10_000);
        guest.signal();
        assertThat(bench.domains().reports()).hasSize(2);
    }

    @Test
    void shouldTakeAnotherPageWhenIntroducedAgain() {
        guest.ask(WATCH, "a", "t");
        RingGuest moved = new RingGuest(bench, 1, Arena.ofAuto().allocate(4096, 4096));
        bench.introduce(moved);
        assertThat(moved.write("a", "moved")).isEqualTo("OK|");
        assertThat(bench.domain(1).used(Quota.WATCHES)).isZero();
        assertThat(bench.domain(1).clients()).hasSize(1);
    }

    @Test
    void shouldSurviveAPageThatIsGone() {
        Arena arena = Arena.ofShared();
        bench.domains().add(7);
        RingGuest gone = new RingGuest(bench, 7, arena.allocate(4096, 4096));
        bench.introduce(gone);
        arena.close();
        bench.event(7);
        assertThat(bench.domains().reports()).hasSize(1);
        bench.release(7);
        assertThat(bench.domain(7)).isNull();
    }

    @Test
    void shouldNotifyOnceForManyRequests() {
        byte[] one = new XsMessage(READ.code(), 1, 0, Payloads.strings("a")).encode();
        byte[] ten = new byte[one.length * 10];
        for (int i = 0; i < 10; i++) {
            System.arraycopy(one, 0, ten, i * one.length, one.length);
        }
        guest.takeEvents();
        assertThat(guest.sendRaw(ten)).isEqualTo(ten.length);
        assertThat(guest.takeEvents()).isLessThanOrEqualTo(2);
        assertThat(guest.receive()).hasSize(10);
        assertThat(XsMessageType.of(20)).isNull();
    }
}
