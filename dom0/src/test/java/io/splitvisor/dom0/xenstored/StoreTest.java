// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.xenstored;

import static io.splitvisor.xenstore.XsMessageType.CONTROL;
import static io.splitvisor.xenstore.XsMessageType.DIRECTORY;
import static io.splitvisor.xenstore.XsMessageType.GET_DOMAIN_PATH;
import static io.splitvisor.xenstore.XsMessageType.GET_FEATURE;
import static io.splitvisor.xenstore.XsMessageType.GET_PERMS;
import static io.splitvisor.xenstore.XsMessageType.GET_QUOTA;
import static io.splitvisor.xenstore.XsMessageType.INTRODUCE;
import static io.splitvisor.xenstore.XsMessageType.IS_DOMAIN_INTRODUCED;
import static io.splitvisor.xenstore.XsMessageType.MKDIR;
import static io.splitvisor.xenstore.XsMessageType.READ;
import static io.splitvisor.xenstore.XsMessageType.RELEASE;
import static io.splitvisor.xenstore.XsMessageType.RESUME;
import static io.splitvisor.xenstore.XsMessageType.RM;
import static io.splitvisor.xenstore.XsMessageType.SET_FEATURE;
import static io.splitvisor.xenstore.XsMessageType.SET_PERMS;
import static io.splitvisor.xenstore.XsMessageType.SET_QUOTA;
import static io.splitvisor.xenstore.XsMessageType.SET_TARGET;
import static io.splitvisor.xenstore.XsMessageType.TRANSACTION_END;
import static io.splitvisor.xenstore.XsMessageType.UNWATCH;
import static io.splitvisor.xenstore.XsMessageType.WATCH;
import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.xenstore.XsWire;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every request does when nobody means harm. */
class StoreTest {
    private Bench bench;
    private TestClient dom0;
    private TestClient guest;

    @BeforeEach
    void start() {
        bench = new Bench(1, 2, 3);
        dom0 = bench.connect(0);
        guest = bench.connect(1);
        dom0.ask(MKDIR, "/local/domain/1");
        dom0.ask(SET_PERMS, "/local/domain/1", "n1");
    }

    @AfterEach
    void shouldLeaveASoundStore() {
        assertThat(bench.core().tree().check()).isEmpty();
    }

    @Test
    void shouldStartWithXensNodes() {
        assertThat(dom0.ask(DIRECTORY, "/tool")).isEqualTo("xenstored|");
        assertThat(dom0.ask(GET_PERMS, "@introduceDomain")).isEqualTo("n0|");
        assertThat(dom0.ask(GET_PERMS, "@releaseDomain")).isEqualTo("n0|r" + XsWire.DOMID_ANY + "|");
    }

    @Test
    void shouldKeepBinaryValues() {
        assertThat(dom0.write("/bin", "a\0b\0\0\u00ff")).isEqualTo("OK|");
        assertThat(dom0.read("/bin")).isEqualTo("a|b||\u00ff");
        assertThat(dom0.write("/bin", "")).isEqualTo("OK|");
        assertThat(dom0.read("/bin")).isEmpty();
    }

    @Test
    void shouldMakeMissingParentsAndInheritPermissions() {
        dom0.ask(SET_PERMS, "/local/domain/1", "n1", "r2");
        assertThat(guest.write("a/b/c", "v")).isEqualTo("OK|");
        assertThat(guest.ask(GET_PERMS, "a/b")).isEqualTo("n1|r2|");
        assertThat(dom0.write("/local/domain/1/a/b/by-dom0", "v")).isEqualTo("OK|");
        assertThat(guest.ask(GET_PERMS, "a/b/by-dom0")).isEqualTo("n1|r2|");
        dom0.ask(MKDIR, "/given");
        dom0.ask(SET_PERMS, "/given", "w0", "b1");
        assertThat(guest.ask(MKDIR, "/given/mine")).isEqualTo("OK|");
        assertThat(dom0.ask(GET_PERMS, "/given/mine")).isEqualTo("w1|b1|");
    }

    @Test
    void shouldLeaveAnExistingNodeAloneOnMkdir() {
        guest.write("a", "kept");
        assertThat(guest.ask(MKDIR, "a")).isEqualTo("OK|");
        assertThat(guest.read("a")).isEqualTo("kept");
    }

    @Test
    void shouldRemoveWhatIsThereAndForgiveWhatIsNot() {
        guest.write("a/b", "1");
        assertThat(guest.ask(RM, "a/none")).isEqualTo("OK|");
        assertThat(guest.ask(RM, "none/none")).isEqualTo("ENOENT");
        assertThat(guest.ask(RM, "a")).isEqualTo("OK|");
        assertThat(guest.read("a/b")).isEqualTo("ENOENT");
        assertThat(guest.ask(DIRECTORY, "/local/domain/1")).isEmpty();
    }

    @Test
    void shouldGiveEachDomainTheAccessOfItsEntry() {
        guest.write("n", "v");
        guest.ask(SET_PERMS, "n", "r1", "w2", "n3");
        TestClient writer = bench.connect(2);
        TestClient nobody = bench.connect(3);
        TestClient reader = bench.connect(4);
        String path = "/local/domain/1/n";
        assertThat(writer.write(path, "w")).isEqualTo("OK|");
        assertThat(writer.read(path)).isEqualTo("EACCES");
        assertThat(nobody.read(path)).isEqualTo("EACCES");
        assertThat(reader.read(path)).isEqualTo("w");
        assertThat(reader.write(path, "x")).isEqualTo("EACCES");
        assertThat(reader.ask(RM, path)).isEqualTo("EACCES");
        guest.ask(SET_PERMS, "n", "n1", "b" + XsWire.DOMID_ANY);
        assertThat(nobody.write(path, "all")).isEqualTo("OK|");
    }

    @Test
    void shouldLetOnlyDom0GiveNodesAway() {
        guest.write("n", "v");
        int before = bench.domain(1).used(Quota.NODES);
        assertThat(dom0.ask(SET_PERMS, "/local/domain/1/n", "n2")).isEqualTo("OK|");
        assertThat(bench.domain(1).used(Quota.NODES)).isEqualTo(before - 1);
        assertThat(bench.domain(2).used(Quota.NODES)).isEqualTo(1);
        assertThat(guest.read("n")).isEqualTo("EACCES");
    }

    // Transactions.

    @Test
    void shouldHideATransactionUntilItIsCommitted() {
        dom0.write("/n", "old");
        int transaction = dom0.begin();
        dom0.write(transaction, "/n", "new");
        dom0.write(transaction, "/m/k", "new");
        assertThat(dom0.read("/n")).isEqualTo("old");
        assertThat(dom0.read("/m/k")).isEqualTo("ENOENT");
        assertThat(dom0.ask(READ, transaction, "/n")).isEqualTo("new");
        assertThat(dom0.ask(DIRECTORY, transaction, "/m")).isEqualTo("k|");
        assertThat(dom0.commit(transaction)).isEqualTo("OK|");
        assertThat(dom0.read("/n")).isEqualTo("new");
        assertThat(dom0.read("/m/k")).isEqualTo("new");
    }

    @Test
    void shouldForgetAnAbortedTransaction() {
        int transaction = dom0.begin();
        dom0.write(transaction, "/n", "new");
        assertThat(dom0.ask(TRANSACTION_END, transaction, "F")).isEqualTo("OK|");
        assertThat(dom0.read("/n")).isEqualTo("ENOENT");
    }

    @Test
    void shouldReadWhatATransactionHasSeenFirst() {
        dom0.write("/n", "first");
        int transaction = dom0.begin();
        assertThat(dom0.ask(READ, transaction, "/n")).isEqualTo("first");
        dom0.write("/n", "second");
        assertThat(dom0.ask(READ, transaction, "/n")).isEqualTo("first");
        assertThat(dom0.commit(transaction)).isEqualTo("EAGAIN");
    }

    @Test
    void shouldConflictOnlyOverNodesInCommon() {
        for (String path : new String[] {"/a/x", "/b/x", "/c/x"}) {
            dom0.write(path, "0");
        }
        int first = dom0.begin();
        int second = dom0.begin();
        dom0.ask(READ, first, "/a/x");
        dom0.write(first, "/b/x", "1");
        dom0.write(second, "/c/x", "1");
        dom0.write("/c/y", "beside");
        assertThat(dom0.commit(first)).isEqualTo("OK|");
        // A child of /c is new, but /c/x is what it was.
        assertThat(dom0.commit(second)).isEqualTo("OK|");
        int third = dom0.begin();
        assertThat(dom0.ask(READ, third, "/missing")).isEqualTo("ENOENT");
        dom0.write(third, "/a/x", "3");
        dom0.write("/missing", "not any more");
        assertThat(dom0.commit(third)).isEqualTo("EAGAIN");
        assertThat(dom0.read("/a/x")).isEqualTo("0");
    }

    @Test
    void shouldConflictWhenTwoMakeChildrenOfOneNode() {
        dom0.ask(MKDIR, "/p");
        int first = dom0.begin();
        int second = dom0.begin();
        dom0.ask(MKDIR, first, "/p/a");
        dom0.ask(MKDIR, second, "/p/b");
        assertThat(dom0.commit(first)).isEqualTo("OK|");
        assertThat(dom0.commit(second)).isEqualTo("EAGAIN");
    }

    // Watches.

    @Test
    void shouldTellRelativeWatchersRelatively() {
        assertThat(guest.ask(WATCH, "device", "t")).isEqualTo("OK|");
        assertThat(guest.events()).containsExactly("device t");
        dom0.write("/local/domain/1/device/vbd/0/state", "1");
        assertThat(guest.events()).containsExactly("device/vbd/0/state t");
        assertThat(guest.ask(UNWATCH, "device", "t")).isEqualTo("OK|");
        dom0.write("/local/domain/1/device/vbd/0/state", "2");
        assertThat(guest.events()).isEmpty();
    }

    @Test
    void shouldNotTakeALongerNameForAChild() {
        dom0.ask(WATCH, "/a", "t");
        dom0.events();
        dom0.write("/ab", "1");
        dom0.write("/a", "1");
        dom0.write("/a/b/c", "1");
        assertThat(dom0.events()).containsExactly("/a t", "/a/b/c t");
    }

    @Test
    void shouldLimitAWatchToItsDepth() {
        dom0.ask(WATCH, "/a", "zero", "0");
        dom0.ask(WATCH, "/a", "one", "1");
        dom0.ask(WATCH, "/", "root", "1");
        dom0.events();
        dom0.write("/a", "1");
        assertThat(dom0.events()).containsExactly("/a zero", "/a one", "/a root");
        dom0.write("/a/b", "1");
        assertThat(dom0.events()).containsExactly("/a/b one");
        dom0.write("/a/b/c", "1");
        assertThat(dom0.events()).isEmpty();
    }

    @Test
    void shouldTellWatchersOfEveryRemovedNode() {
        dom0.write("/a/b/c", "1");
        dom0.write("/a/b/d", "1");
        dom0.ask(WATCH, "/a/b/c", "c");
        dom0.ask(WATCH, "/a", "a");
        dom0.ask(WATCH, "/a/b", "b");
        dom0.events();
        dom0.ask(RM, "/a/b");
        assertThat(dom0.events()).containsExactlyInAnyOrder("/a/b/c c", "/a/b a", "/a/b b");
    }

    @Test
    void shouldFireWatchesOfATransactionAtItsEnd() {
        dom0.ask(WATCH, "/t", "t");
        dom0.write("/t/gone", "1");
        dom0.events();
        int transaction = dom0.begin();
        dom0.write(transaction, "/t/a", "1");
        dom0.write(transaction, "/t/a", "2");
        dom0.write(transaction, "/t/b", "1");
        dom0.ask(RM, transaction, "/t/gone");
        dom0.write(transaction, "/t/brief", "1");
        dom0.ask(RM, transaction, "/t/brief");
        assertThat(dom0.events()).isEmpty();
        dom0.commit(transaction);
        assertThat(dom0.events()).containsExactlyInAnyOrder("/t/a t", "/t/b t", "/t/gone t");
    }

    @Test
    void shouldTellOfANodeThatATransactionWroteAndRemovedWithItsParent() {
        dom0.write("/a/b/c", "1");
        dom0.ask(WATCH, "/a", "a");
        dom0.events();
        int transaction = dom0.begin();
        dom0.write(transaction, "/a/b/c", "2");
        dom0.ask(RM, transaction, "/a/b");
        dom0.commit(transaction);
        assertThat(dom0.events()).containsExactlyInAnyOrder("/a/b/c a", "/a/b a");
    }

    @Test
    void shouldTellOfPermissionChanges() {
        dom0.write("/n", "1");
        dom0.ask(WATCH, "/n", "t");
        dom0.events();
        dom0.ask(SET_PERMS, "/n", "n0", "r1");
        assertThat(dom0.events()).containsExactly("/n t");
    }

    // Domains.

    @Test
    void shouldIntroduceAndReleaseOverTheWire() {
        dom0.ask(WATCH, "@introduceDomain", "i");
        dom0.ask(WATCH, "@releaseDomain", "r");
        dom0.events();
        assertThat(dom0.ask(IS_DOMAIN_INTRODUCED, "3")).isEqualTo("F|");
        assertThat(dom0.ask(INTRODUCE, "3", "77", "1")).isEqualTo("OK|");
        assertThat(dom0.ask(IS_DOMAIN_INTRODUCED, "3")).isEqualTo("T|");
        assertThat(dom0.events()).containsExactly("@introduceDomain i");
        assertThat(dom0.ask(INTRODUCE, "3", "77", "1")).isEqualTo("OK|");
        assertThat(dom0.events()).isEmpty();
        assertThat(dom0.ask(RELEASE, "3")).isEqualTo("OK|");
        assertThat(dom0.events()).containsExactly("@releaseDomain r");
        assertThat(dom0.ask(IS_DOMAIN_INTRODUCED, "3")).isEqualTo("F|");
        assertThat(dom0.ask(INTRODUCE, "99", "77", "1")).isEqualTo("EINVAL");
        assertThat(dom0.ask(INTRODUCE, "3", "77", "0")).isEqualTo("EINVAL");
        assertThat(dom0.ask(INTRODUCE, "0", "77", "1")).isEqualTo("EINVAL");
        assertThat(dom0.ask(INTRODUCE, "3", "77")).isEqualTo("EINVAL");
        assertThat(dom0.ask(IS_DOMAIN_INTRODUCED, "0")).isEqualTo("T|");
        assertThat(dom0.ask(IS_DOMAIN_INTRODUCED, "" + XsWire.DOMID_SELF)).isEqualTo("T|");
    }

    @Test
    void shouldTellOfAShutdownOnceUntilResumed() {
        bench.introduce(3);
        dom0.ask(WATCH, "@releaseDomain", "r");
        guest.ask(WATCH, "@releaseDomain/3", "g");
        dom0.events();
        guest.events();
        for (int i = 0; i < 2; i++) {
            bench.core().shutDown(3);
            bench.core().settle();
        }
        assertThat(dom0.events()).containsExactly("@releaseDomain r");
        assertThat(guest.events()).containsExactly("@releaseDomain/3 g");
        assertThat(dom0.ask(RESUME, "3")).isEqualTo("OK|");
        bench.core().shutDown(3);
        bench.core().settle();
        assertThat(dom0.events()).containsExactly("@releaseDomain r");
        assertThat(dom0.ask(RESUME, "2")).isEqualTo("ENOENT");
    }

    @Test
    void shouldGiveADomainWhatItsTargetMay() {
        RingGuest stub = bench.introduce(2);
        bench.introduce(3);
        dom0.write("/three", "3");
        dom0.ask(SET_PERMS, "/three", "n3");
        assertThat(stub.ask(READ, "/three")).isEqualTo("EACCES");
        assertThat(dom0.ask(SET_TARGET, "2", "3")).isEqualTo("OK|");
        assertThat(stub.ask(READ, "/three")).isEqualTo("3");
        assertThat(dom0.ask(SET_TARGET, "2", "0")).isEqualTo("EINVAL");
        assertThat(dom0.ask(SET_TARGET, "2")).isEqualTo("EINVAL");
    }

    @Test
    void shouldTellHomes() {
        assertThat(guest.ask(GET_DOMAIN_PATH, "7")).isEqualTo("/local/domain/7|");
        assertThat(guest.ask(GET_DOMAIN_PATH, "07")).isEqualTo("/local/domain/7|");
        assertThat(guest.ask(GET_DOMAIN_PATH, "65536")).isEqualTo("EINVAL");
        assertThat(guest.ask(GET_DOMAIN_PATH, "x")).isEqualTo("EINVAL");
        dom0.write("at/home", "1");
        assertThat(dom0.read("/local/domain/0/at/home")).isEqualTo("1");
    }

    @Test
    void shouldOfferFeatures() {
        assertThat(guest.ask(GET_FEATURE)).isEqualTo("15|");
        assertThat(dom0.ask(GET_FEATURE, "2")).isEqualTo("15|");
        assertThat(dom0.ask(SET_FEATURE, "2", "2")).isEqualTo("OK|");
        assertThat(dom0.ask(GET_FEATURE, "2")).isEqualTo("2|");
        RingGuest limited = bench.introduce(2);
        assertThat(limited.word(XsWire.SERVER_FEATURES)).isEqualTo(2);
        assertThat(limited.ask(WATCH, "a", "t", "1")).isEqualTo("EINVAL");
        assertThat(dom0.ask(SET_FEATURE, "2", "1")).isEqualTo("EBUSY");
        assertThat(dom0.ask(SET_FEATURE, "3", "16")).isEqualTo("EINVAL");
        assertThat(dom0.ask(SET_FEATURE, "99", "1")).isEqualTo("ENOENT");
    }

    @Test
    void shouldGetAndSetQuotas() {
        assertThat(dom0.ask(GET_QUOTA))
                .isEqualTo("nodes watches outstanding memory soft-memory transactions transaction-nodes"
                        + " node-permissions path-max node-size|");
        assertThat(dom0.ask(GET_QUOTA, "nodes")).isEqualTo("1000|");
        assertThat(dom0.ask(SET_QUOTA, "1", "nodes", "2")).isEqualTo("OK|");
        assertThat(dom0.ask(GET_QUOTA, "1", "nodes")).isEqualTo("2|");
        assertThat(dom0.ask(GET_QUOTA, "nodes")).isEqualTo("1000|");
        assertThat(guest.ask(MKDIR, "a")).isEqualTo("OK|");
        assertThat(guest.ask(MKDIR, "b")).isEqualTo("ENOSPC");
        assertThat(dom0.ask(SET_QUOTA, "1", "nodes", "0")).isEqualTo("OK|");
        assertThat(guest.ask(MKDIR, "b")).isEqualTo("OK|");
        assertThat(dom0.ask(SET_QUOTA, "watches", "7")).isEqualTo("OK|");
        assertThat(dom0.ask(GET_QUOTA, "1", "watches")).isEqualTo("128|");
        assertThat(dom0.ask(GET_QUOTA, "3", "watches")).isEqualTo("7|");
        assertThat(dom0.ask(GET_QUOTA, "nonsense")).isEqualTo("EINVAL");
        assertThat(dom0.ask(SET_QUOTA, "nodes", "-1")).isEqualTo("EINVAL");
        assertThat(dom0.ask(SET_QUOTA, "nodes")).isEqualTo("EINVAL");
        assertThat(dom0.ask(GET_QUOTA, "99", "nodes")).isEqualTo("ENOENT");
    }

    @Test
    void shouldAnswerControl() {
        assertThat(dom0.ask(CONTROL, "help")).contains("check").contains("print");
        assertThat(dom0.ask(CONTROL, "check")).isEqualTo("OK|");
        assertThat(dom0.ask(CONTROL, "print", "hello")).isEqualTo("OK|");
        assertThat(dom0.ask(CONTROL, "quota")).contains("nodes").contains("1000");
        assertThat(dom0.ask(CONTROL, "quota", "1")).startsWith("Domain 1:");
        assertThat(dom0.ask(CONTROL, "quota", "99")).isEqualTo("ENOENT");
        assertThat(dom0.ask(CONTROL, "live-update")).isEqualTo("ENOSYS");
        assertThat(dom0.ask(CONTROL)).isEqualTo("EINVAL");
    }
}
