// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.xenstored;

import static io.splitvisor.xenstore.XsMessageType.CONTROL;
import static io.splitvisor.xenstore.XsMessageType.DIRECTORY;
import static io.splitvisor.xenstore.XsMessageType.DIRECTORY_PART;
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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Hostile and faulty requests, whatever way they come: each gets its error, and the store stays sound. */
class StoreHardeningTest {
    private Bench bench;
    private TestClient dom0;
    private TestClient guest;

    @BeforeEach
    void start() {
        bench = new Bench(1, 2, 3, 4, 5);
        dom0 = bench.connect(0);
        guest = bench.connect(1);
        home(1);
    }

    @AfterEach
    void shouldLeaveASoundStore() {
        assertThat(bench.core().tree().check()).isEmpty();
    }

    /** Makes a domain's home, as a toolstack does. */
    private void home(int domid) {
        String path = "/local/domain/" + domid;
        assertThat(dom0.ask(MKDIR, path)).isEqualTo("OK|");
        assertThat(dom0.ask(SET_PERMS, path, "n" + domid)).isEqualTo("OK|");
    }

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
    void x10_shouldLimitNodesAndLetAGuestDeleteWhenItIsOver() {
        int made = 0;
        while (guest.ask(MKDIR, "n" + made / 100 + "/n" + made).equals("OK|")) {
            made++;
        }
        assertThat(bench.domain(1).used(Quota.NODES)).isEqualTo(1000);
        assertThat(guest.ask(MKDIR, "one-more")).isEqualTo("ENOSPC");
        assertThat(guest.write("n0/n0", "still")).isEqualTo("OK|");
        bench.domain(1).quotas().set(Quota.NODES, 10);
        assertThat(guest.ask(RM, "n0")).isEqualTo("OK|");
        assertThat(bench.domain(1).used(Quota.NODES)).isLessThan(1000);
        assertThat(dom0.ask(MKDIR, "/local/domain/1/by-dom0")).isEqualTo("OK|");
    }

    @Test
    void x10_shouldLimitTheSizeOfANode() {
        // 16 for the header, 8 for the one permission.
        assertThat(guest.write("big", "v".repeat(2048 - 24))).isEqualTo("OK|");
        assertThat(guest.write("big", "v".repeat(2048 - 23))).isEqualTo("ENOSPC");
        assertThat(guest.write("new", "v".repeat(2048 - 23))).isEqualTo("ENOSPC");
        assertThat(guest.read("new")).isEqualTo("ENOENT");
        assertThat(dom0.write("/big", "v".repeat(4000))).isEqualTo("OK|");
    }

    @Test
    void x10_shouldLimitWatchesAndTransactions() {
        for (int i = 0; i < 128; i++) {
            assertThat(guest.ask(WATCH, "w", "t" + i)).isEqualTo("OK|");
        }
        assertThat(guest.ask(WATCH, "w", "one-more")).isEqualTo("ENOSPC");
        assertThat(guest.ask(UNWATCH, "w", "t0")).isEqualTo("OK|");
        assertThat(guest.ask(WATCH, "w", "one-more")).isEqualTo("OK|");
        int[] transactions = new int[10];
        for (int i = 0; i < transactions.length; i++) {
            transactions[i] = guest.begin();
        }
        assertThat(guest.ask(TRANSACTION_START, "")).isEqualTo("ENOSPC");
        assertThat(guest.commit(transactions[3])).isEqualTo("OK|");
        assertThat(guest.begin()).isNotZero();
    }

    @Test
    void x10_shouldLimitNodesOfATransaction() {
        dom0.ask(SET_PERMS, "/local/domain/1", "r1");
        int transaction = guest.begin();
        String answer = "";
        int touched = 0;
        while (touched < 2000 && !answer.equals("ENOSPC")) {
            answer = guest.ask(READ, transaction, "missing-" + touched++);
        }
        assertThat(touched).isBetween(1000, 1024);
        assertThat(guest.commit(transaction)).isEqualTo("ENOMEM");
    }

    @Test
    void x11_shouldLimitMemory() {
        bench.domain(1).quotas().set(Quota.MEMORY, 20_000);
        int made = 0;
        while (guest.write("m" + made, "v".repeat(1000)).equals("OK|")) {
            made++;
        }
        assertThat(guest.write("m" + made, "v".repeat(1000))).isEqualTo("ENOMEM");
        assertThat(made).isBetween(15, 20);
        TestClient other = bench.connect(2);
        home(2);
        assertThat(other.write("mine", "v".repeat(1000))).isEqualTo("OK|");
        for (int i = 0; i < made; i++) {
            assertThat(guest.ask(RM, "m" + i)).isEqualTo("OK|");
        }
        assertThat(guest.write("m0", "v".repeat(1000))).isEqualTo("OK|");
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
    void x21_shouldCountNodesExactlyAcrossTransactions() {
        int before = bench.domain(1).used(Quota.NODES);
        long memory = bench.domain(1).memory();
        for (int i = 0; i < 100; i++) {
            int transaction = guest.begin();
            guest.write(transaction, "t/a", "1");
            guest.ask(RM, transaction, "t");
            guest.write(transaction, "t/b", "1");
            guest.ask(RM, transaction, "t/b");
            guest.ask(RM, transaction, "t");
            assertThat(guest.commit(transaction)).isEqualTo("OK|");
        }
        assertThat(bench.domain(1).used(Quota.NODES)).isEqualTo(before);
        assertThat(bench.domain(1).memory()).isEqualTo(memory);

        bench.domain(1).quotas().set(Quota.NODES, 11);
        int first = guest.begin();
        int second = guest.begin();
        for (int i = 0; i < 4; i++) {
            assertThat(guest.ask(MKDIR, first, "f" + i)).isEqualTo("OK|");
            assertThat(guest.ask(MKDIR, second, "g/" + i)).isEqualTo("OK|");
        }
        assertThat(guest.ask(MKDIR, "p/q/r/s/t/u/v")).isEqualTo("OK|");
        assertThat(bench.domain(1).used(Quota.NODES)).isEqualTo(8);
        assertThat(guest.commit(first)).isEqualTo("EAGAIN");
        assertThat(guest.commit(second)).isEqualTo("EAGAIN");
        assertThat(bench.domain(1).used(Quota.NODES)).isEqualTo(8);
    }

    @Test
    void x21_shouldCheckTheNodeQuotaAgainAtTheEnd() {
        guest.ask(MKDIR, "a");
        guest.ask(MKDIR, "b");
        bench.domain(1).quotas().set(Quota.NODES, 10);
        int transaction = guest.begin();
        for (int i = 0; i < 6; i++) {
            assertThat(guest.ask(MKDIR, transaction, "a/" + i)).isEqualTo("OK|");
        }
        for (int i = 0; i < 5; i++) {
            assertThat(guest.ask(MKDIR, "b/" + i)).isEqualTo("OK|");
        }
        assertThat(guest.commit(transaction)).isEqualTo("ENOSPC");
        assertThat(guest.ask(DIRECTORY, "a")).isEmpty();
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
    void x25_shouldListDirectoriesThatAreTooLongInParts() {
        bench.domain(1).quotas().set(Quota.NODE_SIZE, 0);
        for (int i = 0; i < 600; i++) {
            guest.ask(MKDIR, "dir/child-number-" + i);
        }
        assertThat(guest.ask(DIRECTORY, "dir")).isEqualTo("E2BIG");
        StringBuilder all = new StringBuilder();
        String part;
        int parts = 0;
        do {
            part = guest.ask(DIRECTORY_PART, "dir", Integer.toString(all.length()));
            all.append(part, part.indexOf('|') + 1, part.length());
            parts++;
        } while (!part.endsWith("||"));
        assertThat(parts).isGreaterThan(1);
        assertThat(all.toString()).startsWith("child-number-0|").endsWith("child-number-599||");
        assertThat(all.chars().filter(c -> c == '|').count()).isEqualTo(601);
        assertThat(guest.ask(DIRECTORY_PART, "dir", "999999")).matches("[0-9]+\\|\\|");
        assertThat(guest.ask(DIRECTORY_PART, "dir", "-1")).isEqualTo("EINVAL");
        assertThat(guest.ask(DIRECTORY_PART, "dir")).isEqualTo("EINVAL");
        guest.ask(MKDIR, "empty");
        assertThat(guest.ask(DIRECTORY_PART, "empty", "0")).matches("[0-9]+\\|\\|");
    }

    @Test
    void x25_shouldFillPartsToTheLastByteAndNoFurther() {
        for (int length = 1; length < 8; length++) {
            String dir = "/fill-" + length;
            for (int i = 0; i < 3000; i++) {
                dom0.ask(
                        MKDIR,
                        dir + "/" + Integer.toString(1_000_000 + i).substring(7 - Math.max(length, 4))
                                + "x".repeat(length));
            }
            int children = bench.core().tree().get(dir).children().length;
            int offset = 0;
            int names = 0;
            String part;
            do {
                part = dom0.ask(DIRECTORY_PART, dir, Integer.toString(offset));
                assertThat(part).matches("(?s)[0-9]+\\|.*").hasSizeLessThanOrEqualTo(XsWire.PAYLOAD_MAX);
                String listing = part.substring(part.indexOf('|') + 1);
                names += (int) listing.chars().filter(c -> c == '|').count();
                offset += listing.length();
            } while (!part.endsWith("||"));
            assertThat(names - 1).isEqualTo(children);
        }
    }

    @Test
    void x25_shouldNotOverflowAPartThatIsExactlyFull() {
        for (int spare = 0; spare < 4; spare++) {
            String dir = "/exact-" + spare;
            dom0.ask(MKDIR, dir);
            Node node = bench.core().tree().get(dir);
            for (int i = 0; node.childBytes() < 3900; i++) {
                dom0.ask(MKDIR, dir + "/n" + i);
                node = bench.core().tree().get(dir);
            }
            int generation = Long.toString(node.generation() + 1).length() + 1;
            int left = XsWire.PAYLOAD_MAX - generation - node.childBytes() - spare;
            dom0.ask(MKDIR, dir + "/" + "z".repeat(left - 1));
            String part = dom0.ask(DIRECTORY_PART, dir, "0");
            assertThat(part).doesNotStartWith("E");
            assertThat(part.endsWith("||")).isEqualTo(spare > 0);
            assertThat(part.length()).isLessThanOrEqualTo(XsWire.PAYLOAD_MAX);
        }
    }

    @Test
    void x10_shouldCountTheNamesOfChildren() {
        int made = 0;
        while (guest.ask(MKDIR, "dir/" + "c".repeat(90) + made).equals("OK|")) {
            made++;
        }
        assertThat(made).isBetween(20, 22);
        assertThat(guest.ask(MKDIR, "dir/" + "c".repeat(90) + made)).isEqualTo("ENOSPC");
        assertThat(guest.ask(MKDIR, "dir/c")).isEqualTo("OK|");
    }

    @Test
    void x11_shouldChargeATransactionToWhoseItIs() {
        bench.domain(1).quotas().set(Quota.MEMORY, 20_000);
        dom0.ask(MKDIR, "/open");
        dom0.ask(SET_PERMS, "/open", "b0");
        dom0.write("/open/dom0s", "x");
        int transaction = guest.begin();
        String answer = "OK|";
        for (int i = 0; i < 100 && answer.equals("OK|"); i++) {
            answer = guest.write(transaction, "/open/m" + i, "v".repeat(1000));
        }
        assertThat(answer).isEqualTo("ENOMEM");
        assertThat(bench.domain(1).memory()).isBetween(15_000L, 20_000L);
        assertThat(guest.write(transaction, "/open/dom0s", "v".repeat(2000))).isEqualTo("ENOMEM");
        assertThat(guest.commit(transaction)).isEqualTo("ENOMEM");
        assertThat(bench.domain(1).memory()).isLessThan(1000);
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
