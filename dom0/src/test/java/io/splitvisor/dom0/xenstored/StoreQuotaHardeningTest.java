// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.xenstored;

import static io.splitvisor.xenstore.XsMessageType.DIRECTORY;
import static io.splitvisor.xenstore.XsMessageType.MKDIR;
import static io.splitvisor.xenstore.XsMessageType.READ;
import static io.splitvisor.xenstore.XsMessageType.RM;
import static io.splitvisor.xenstore.XsMessageType.SET_PERMS;
import static io.splitvisor.xenstore.XsMessageType.TRANSACTION_START;
import static io.splitvisor.xenstore.XsMessageType.UNWATCH;
import static io.splitvisor.xenstore.XsMessageType.WATCH;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What a guest may use of the store is limited, and counted exactly. */
class StoreQuotaHardeningTest extends HardenedStore {
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
}
