// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.xenstored;

import static io.splitvisor.xenstore.XsMessageType.CONTROL;
import static io.splitvisor.xenstore.XsMessageType.DIRECTORY;
import static io.splitvisor.xenstore.XsMessageType.GET_PERMS;
import static io.splitvisor.xenstore.XsMessageType.GET_QUOTA;
import static io.splitvisor.xenstore.XsMessageType.INTRODUCE;
import static io.splitvisor.xenstore.XsMessageType.IS_DOMAIN_INTRODUCED;
import static io.splitvisor.xenstore.XsMessageType.MKDIR;
import static io.splitvisor.xenstore.XsMessageType.READ;
import static io.splitvisor.xenstore.XsMessageType.RELEASE;
import static io.splitvisor.xenstore.XsMessageType.RESET_WATCHES;
import static io.splitvisor.xenstore.XsMessageType.RESUME;
import static io.splitvisor.xenstore.XsMessageType.RM;
import static io.splitvisor.xenstore.XsMessageType.SET_FEATURE;
import static io.splitvisor.xenstore.XsMessageType.SET_PERMS;
import static io.splitvisor.xenstore.XsMessageType.SET_QUOTA;
import static io.splitvisor.xenstore.XsMessageType.SET_TARGET;
import static io.splitvisor.xenstore.XsMessageType.TRANSACTION_END;
import static io.splitvisor.xenstore.XsMessageType.TRANSACTION_START;
import static io.splitvisor.xenstore.XsMessageType.UNWATCH;
import static io.splitvisor.xenstore.XsMessageType.WATCH;
import static io.splitvisor.xenstore.XsMessageType.WRITE;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.xenstore.Payloads;
import io.splitvisor.xenstore.XsMessage;
import io.splitvisor.xenstore.XsMessageType;
import io.splitvisor.xenstore.XsWire;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Hostile and faulty requests, whatever way they come: each gets its error, and the store stays sound. */
class StoreHardeningTest extends HardenedStore {
    @Test
    void x4_shouldAnswerUnknownTypesWithEnosys() {
        for (int type : new int[] {20, 27, 1000, 65535, -1, XsMessageType.WATCH_EVENT.code(), 16}) {
            assertThat(TestClient.show(guest.send(type, 0, Payloads.strings("x"))))
                    .isEqualTo("ENOSYS");
            assertThat(TestClient.show(dom0.send(type, 0, new byte[0]))).isEqualTo("ENOSYS");
        }
    }

    @Test
    void x5_shouldRefusePrivilegedRequestsOfGuests() {
        XsMessageType[] privileged = {
            CONTROL, INTRODUCE, RELEASE, RESUME, SET_TARGET, IS_DOMAIN_INTRODUCED, SET_FEATURE, GET_QUOTA, SET_QUOTA
        };
        for (XsMessageType type : privileged) {
            assertThat(guest.ask(type, "1", "2", "3")).as(type.name()).isEqualTo("EACCES");
            assertThat(TestClient.show(guest.send(type, 0, new byte[0]))).isEqualTo("EACCES");
        }
        assertThat(guest.ask(XsMessageType.GET_FEATURE, "2")).isEqualTo("EACCES");
    }

    @Test
    void x6_shouldRefuseMalformedPaths() {
        String longest = "a".repeat(XsWire.REL_PATH_MAX);
        String[] wrong = {
            "",
            "//",
            "/a//b",
            "/a/",
            "a/",
            "/a b",
            "/a.b",
            "/a\u00e9",
            "/a:b",
            "/local/domain/",
            "@x",
            "@releaseDomain",
            longest + "a",
            "/local/domain/1/" + longest + "a",
            "/" + "a".repeat(XsWire.ABS_PATH_MAX)
        };
        for (String path : wrong) {
            for (XsMessageType type : new XsMessageType[] {READ, DIRECTORY, MKDIR, RM}) {
                assertThat(guest.ask(type, path)).as(type + " " + path).isEqualTo("EINVAL");
                if (path.length() < XsWire.REL_PATH_MAX) {
                    assertThat(dom0.ask(type, path)).as(type + " " + path).isEqualTo("EINVAL");
                }
            }
            assertThat(guest.write(path, "v")).isEqualTo("EINVAL");
        }
        assertThat(guest.ask(WATCH, "a//b", "t")).isEqualTo("EINVAL");
        assertThat(TestClient.show(guest.send(READ, 0, "/a".getBytes(US_ASCII))))
                .isEqualTo("EINVAL");
        assertThat(TestClient.show(guest.send(READ, 0, Payloads.strings("/a", "/b"))))
                .isEqualTo("EINVAL");
        assertThat(TestClient.show(guest.send(WRITE, 0, new byte[] {'/', 'a'}))).isEqualTo("EINVAL");
        assertThat(TestClient.show(guest.send(READ, 0, new byte[0]))).isEqualTo("EINVAL");
    }

    @Test
    void x6_shouldAcceptTheLongestRelativePath() {
        bench.domain(1).quotas().set(Quota.NODE_SIZE, 0);
        String longest = "a".repeat(XsWire.REL_PATH_MAX);
        assertThat(guest.write(longest, "v")).isEqualTo("OK|");
        assertThat(guest.read("/local/domain/1/" + longest)).isEqualTo("v");
    }

    @Test
    void x7_shouldNotRevealWhatAGuestMayNotRead() {
        dom0.write("/secret/there", "x");
        assertThat(guest.read("/secret/there")).isEqualTo("EACCES");
        assertThat(guest.read("/secret/nowhere")).isEqualTo("EACCES");
        assertThat(guest.read("/nowhere/at/all")).isEqualTo("EACCES");
        assertThat(guest.ask(GET_PERMS, "/secret/nowhere")).isEqualTo("EACCES");
        assertThat(guest.read("nowhere")).isEqualTo("ENOENT");
        assertThat(dom0.read("/secret/nowhere")).isEqualTo("ENOENT");
    }

    @Test
    void x8_shouldProtectTheRoot() {
        assertThat(guest.ask(SET_PERMS, "/", "b1")).isEqualTo("EACCES");
        assertThat(guest.ask(RM, "/")).isEqualTo("EACCES");
        assertThat(guest.ask(DIRECTORY, "/")).isEqualTo("EACCES");
        assertThat(guest.write("/x", "1")).isEqualTo("EACCES");
        assertThat(dom0.ask(RM, "/")).isEqualTo("EINVAL");
        assertThat(dom0.ask(DIRECTORY, "/")).isEqualTo("tool|local|");
    }

    @Test
    void x9_shouldCheckPermissionsThatAreSet() {
        dom0.write("/foreign", "x");
        dom0.ask(SET_PERMS, "/foreign", "n0", "b1");
        assertThat(guest.ask(SET_PERMS, "/foreign", "b1")).isEqualTo("EACCES");
        guest.write("mine", "x");
        assertThat(guest.ask(SET_PERMS, "mine", "n2")).isEqualTo("EPERM");
        assertThat(guest.ask(SET_PERMS, "mine", "n1", "r2", "r3", "r4", "r5")).isEqualTo("OK|");
        assertThat(guest.ask(SET_PERMS, "mine", "n1", "r2", "r3", "r4", "r5", "r0"))
                .isEqualTo("ENOSPC");
        assertThat(dom0.ask(SET_PERMS, "/foreign", "n99")).isEqualTo("ENOENT");
        for (String wrong : new String[] {"x1", "r", "", "n-1", "n1x", "n99999", "n 1"}) {
            assertThat(guest.ask(SET_PERMS, "mine", wrong)).as(wrong).isEqualTo("EINVAL");
        }
        assertThat(guest.ask(SET_PERMS, "mine")).isEqualTo("EINVAL");
        assertThat(guest.ask(GET_PERMS, "mine")).isEqualTo("n1|r2|r3|r4|r5|");
    }

    @Test
    void x15_shouldRefuseImpossibleWatches() {
        assertThat(guest.ask(WATCH, "a", "t")).isEqualTo("OK|");
        assertThat(guest.ask(WATCH, "a", "t")).isEqualTo("EEXIST");
        assertThat(guest.ask(WATCH, "/local/domain/1/a", "t")).isEqualTo("EEXIST");
        assertThat(guest.ask(WATCH, "a", "u")).isEqualTo("OK|");
        assertThat(guest.ask(UNWATCH, "a", "x")).isEqualTo("ENOENT");
        assertThat(guest.ask(UNWATCH, "b", "t")).isEqualTo("ENOENT");
        assertThat(guest.ask(UNWATCH, "a")).isEqualTo("EINVAL");
        assertThat(guest.ask(WATCH, "a", "v", "-1")).isEqualTo("EINVAL");
        assertThat(guest.ask(WATCH, "a", "v", "x")).isEqualTo("EINVAL");
        assertThat(guest.ask(WATCH, "a", "v", "1", "2")).isEqualTo("EINVAL");
        assertThat(guest.ask(WATCH, "a")).isEqualTo("EINVAL");
    }

    @Test
    void x16_shouldNotTellGuestsOfWhatTheyMayNotSee() {
        assertThat(guest.ask(WATCH, "/", "root")).isEqualTo("OK|");
        assertThat(guest.ask(WATCH, "/secret", "s")).isEqualTo("OK|");
        assertThat(guest.ask(WATCH, "@introduceDomain", "i")).isEqualTo("OK|");
        assertThat(guest.events()).containsExactly("/ root", "/secret s", "@introduceDomain i");
        dom0.write("/secret/a", "1");
        dom0.ask(RM, "/secret");
        bench.introduce(4);
        assertThat(guest.events()).isEmpty();

        dom0.write("/open", "1");
        dom0.ask(SET_PERMS, "/open", "n0", "r1");
        assertThat(guest.events()).containsExactly("/open root");
        dom0.write("/open", "2");
        assertThat(guest.events()).containsExactly("/open root");
        dom0.ask(SET_PERMS, "/open", "n0");
        assertThat(guest.events()).containsExactly("/open root");
        dom0.write("/open", "3");
        assertThat(guest.events()).isEmpty();
    }

    @Test
    void x17_shouldDropEventsThatDoNotFit() {
        String token = "t".repeat(2000);
        bench.domain(1).quotas().set(Quota.PATH, 0);
        bench.domain(1).quotas().set(Quota.NODE_SIZE, 0);
        assertThat(guest.ask(WATCH, "w", token)).isEqualTo("OK|");
        assertThat(guest.events()).hasSize(1);
        String deep = "w/" + "d".repeat(2500);
        assertThat(guest.write(deep, "x")).isEqualTo("OK|");
        assertThat(guest.events()).isEmpty();
        assertThat(guest.write("w/short", "x")).isEqualTo("OK|");
        assertThat(guest.events()).hasSize(1);
    }

    @Test
    void x18_shouldNotLeakWhenWatchesAndTransactionsAreReset() {
        long before = bench.domain(1).memory();
        for (int round = 0; round < 50; round++) {
            for (int i = 0; i < 128; i++) {
                assertThat(guest.ask(WATCH, "w" + i, "t")).isEqualTo("OK|");
            }
            int transaction = guest.begin();
            guest.write(transaction, "x", "1");
            assertThat(guest.ask(RESET_WATCHES, transaction, "")).isEqualTo("OK|");
            assertThat(guest.commit(transaction)).isEqualTo("ENOENT");
        }
        assertThat(bench.domain(1).memory()).isEqualTo(before);
        assertThat(bench.domain(1).used(Quota.WATCHES)).isZero();
        assertThat(bench.domain(1).used(Quota.TRANSACTIONS)).isZero();
        assertThat(bench.core().domains().pool().transactions()).isZero();
        assertThat(bench.core().watches().size()).isZero();
    }

    @Test
    void x19_shouldRefuseImpossibleTransactions() {
        assertThat(guest.ask(READ, 77, "a")).isEqualTo("ENOENT");
        assertThat(guest.ask(TRANSACTION_START, 77, "")).isEqualTo("ENOENT");
        int transaction = guest.begin();
        assertThat(guest.ask(TRANSACTION_START, transaction, "")).isEqualTo("EBUSY");
        assertThat(guest.ask(TRANSACTION_END, transaction, "X")).isEqualTo("EINVAL");
        assertThat(guest.ask(TRANSACTION_END, transaction, "")).isEqualTo("EINVAL");
        assertThat(guest.ask(TRANSACTION_END, 0, "T")).isEqualTo("ENOENT");
        TestClient other = bench.connect(2);
        assertThat(other.ask(READ, transaction, "a")).isEqualTo("ENOENT");
        guest.ask(READ, transaction, "a");
        dom0.write("/local/domain/1/a", "1");
        assertThat(guest.commit(transaction)).isEqualTo("EAGAIN");
        assertThat(guest.commit(transaction)).isEqualTo("ENOENT");
        // Watches do not care.
        assertThat(guest.ask(WATCH, 77, "a", "t")).isEqualTo("OK|");
        assertThat(guest.ask(UNWATCH, 77, "a", "t")).isEqualTo("OK|");
    }

    @Test
    void x20_shouldFailAWholeTransactionWithAFailedCreation() {
        int transaction = guest.begin();
        assertThat(guest.write(transaction, "a", "1")).isEqualTo("OK|");
        assertThat(guest.write(transaction, "b", "v".repeat(3000))).isEqualTo("ENOSPC");
        assertThat(guest.commit(transaction)).isEqualTo("ENOMEM");
        assertThat(guest.read("a")).isEqualTo("ENOENT");
        assertThat(guest.ask(DIRECTORY, "/local/domain/1")).isEmpty();

        bench.domain(1).quotas().set(Quota.NODES, 3);
        transaction = guest.begin();
        assertThat(guest.ask(MKDIR, transaction, "x/y/z")).isEqualTo("ENOSPC");
        assertThat(guest.commit(transaction)).isEqualTo("ENOMEM");
        assertThat(bench.domain(1).used(Quota.NODES)).isEqualTo(1);
    }

    @Test
    void x22_shouldDeleteAVeryDeepTree() {
        String deep = "/d".repeat(1500);
        assertThat(dom0.write(deep, "bottom")).isEqualTo("OK|");
        assertThat(dom0.ask(CONTROL, "check")).isEqualTo("OK|");
        assertThat(dom0.ask(RM, "/d")).isEqualTo("OK|");
        assertThat(dom0.read(deep)).isEqualTo("ENOENT");

        String mine = "g" + "/g".repeat(900);
        assertThat(guest.write(mine, "bottom")).isEqualTo("OK|");
        bench.release(1);
        assertThat(dom0.read("/local/domain/1")).isEqualTo("ENOENT");
    }

    @Test
    void x23_shouldLeaveNothingToTheNextDomainOfThatId() {
        TestClient other = bench.connect(2);
        home(2);
        dom0.write("/shared", "s");
        dom0.ask(SET_PERMS, "/shared", "n0", "r1", "r2");
        dom0.ask(SET_PERMS, "@introduceDomain", "n0", "r2");
        other.write("own", "1");
        guest.write("lent", "1");
        guest.ask(SET_PERMS, "lent", "n1", "b2");
        dom0.write("/local/domain/2/below/of-dom0", "x");
        int transaction = dom0.begin();
        assertThat(dom0.ask(SET_PERMS, transaction, "/shared", "n0", "b2")).isEqualTo("OK|");
        int lending = dom0.begin();
        assertThat(dom0.write(lending, "/plain", "x")).isEqualTo("OK|");
        assertThat(dom0.ask(SET_PERMS, lending, "/plain", "n0", "b2")).isEqualTo("OK|");
        other.begin();
        other.ask(WATCH, "own", "t");

        bench.release(2);
        assertThat(other.isClosed()).isTrue();
        assertThat(dom0.commit(transaction)).isEqualTo("EAGAIN");
        assertThat(dom0.commit(lending)).isEqualTo("EAGAIN");
        assertThat(dom0.read("/local/domain/2")).isEqualTo("ENOENT");
        assertThat(dom0.ask(GET_PERMS, "/shared")).isEqualTo("n0|r1|");
        assertThat(dom0.ask(GET_PERMS, "/local/domain/1/lent")).isEqualTo("n1|");
        assertThat(dom0.ask(GET_PERMS, "@introduceDomain")).isEqualTo("n0|");
        assertThat(bench.domain(2)).isNull();

        TestClient next = bench.connect(2);
        assertThat(next.read("/shared")).isEqualTo("EACCES");
        assertThat(next.write("/local/domain/1/lent", "2")).isEqualTo("EACCES");
        assertThat(bench.domain(2).used(Quota.NODES)).isZero();
        assertThat(bench.domain(2).used(Quota.WATCHES)).isZero();
        assertThat(bench.domain(2).used(Quota.TRANSACTIONS)).isZero();
        assertThat(bench.domain(2).memory()).isZero();
    }

    @Test
    void x27_shouldReleaseADomainAndItsTargetTogether() {
        RingGuest stub = bench.introduce(4);
        bench.introduce(5);
        home(5);
        assertThat(dom0.ask(SET_TARGET, "4", "5")).isEqualTo("OK|");
        assertThat(stub.write("/local/domain/5/x", "1")).isEqualTo("OK|");
        bench.release(5);
        assertThat(stub.write("/local/domain/5/x", "1")).isEqualTo("EACCES");
        bench.introduce(5);
        home(5);
        assertThat(stub.write("/local/domain/5/x", "1")).isEqualTo("EACCES");
        bench.release(5);
        bench.release(4);
        bench.release(4);
        assertThat(dom0.ask(SET_TARGET, "4", "5")).isEqualTo("ENOENT");
        assertThat(dom0.ask(RELEASE, "4")).isEqualTo("ENOENT");
        assertThat(dom0.ask(RELEASE, "0")).isEqualTo("EINVAL");
    }

    @Test
    void x28_shouldBoundTheEventsOfAReaderThatIsSlow() {
        TestClient backend = bench.connect(0);
        backend.ask(WATCH, "/local/domain/1", "b");
        backend.events();
        backend.setReading(false);
        for (int i = 0; i < 10_000; i++) {
            guest.write("state", Integer.toString(i));
        }
        assertThat(backend.client().outbox().size()).isEqualTo(1);
        for (int i = 0; i < 5000; i++) {
            guest.write("name-" + i, "1");
            guest.ask(RM, "name-" + i);
        }
        assertThat(backend.client().outbox().size()).isLessThanOrEqualTo(Outbox.MAX_EVENTS + 1);
        backend.setReading(true);
        List<String> events = backend.events();
        assertThat(events).contains("/local/domain/1 b").doesNotHaveDuplicates();
        assertThat(guest.write("state", "last")).isEqualTo("OK|");
        assertThat(backend.events()).containsExactly("/local/domain/1/state b");
    }

    @Test
    void x29_shouldDropTransactionsWithTheirConnection() {
        TestClient tool = bench.connect(0);
        int transaction = tool.begin();
        tool.write(transaction, "/half", "done");
        tool.ask(WATCH, "/half", "t");
        tool.disconnect();
        assertThat(dom0.read("/half")).isEqualTo("ENOENT");
        assertThat(bench.core().domains().pool().transactions()).isZero();
        assertThat(bench.core().watches().size()).isZero();
        assertThat(dom0.commit(transaction)).isEqualTo("ENOENT");
    }

    @Test
    void shouldAnswerEveryRequestExactlyOnce() {
        for (XsMessageType type : XsMessageType.values()) {
            XsMessage reply = guest.send(type, 0, new byte[0]);
            assertThat(reply).as(type.name()).isNotNull();
        }
    }
}
