// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.xenstored;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.xenstore.XsMessageType;

/** What a fuzzed guest lives in: Dom0, a neighbour, and itself. */
final class FuzzWorld {
    private final Bench bench = new Bench();
    private final TestClient dom0 = bench.connect(0);
    private final RingGuest neighbour = bench.introduce(2);
    private RingGuest guest;

    FuzzWorld() {
        home(2);
        fresh();
    }

    private void home(int domid) {
        dom0.ask(XsMessageType.MKDIR, "/local/domain/" + domid);
        dom0.ask(XsMessageType.SET_PERMS, "/local/domain/" + domid, "n" + domid);
    }

    private void fresh() {
        guest = bench.introduce(1);
        home(1);
    }

    /** The domain dies; nobody else has noticed anything. */
    void verify() {
        assertThat(neighbour.write("fine", "yes")).isEqualTo("OK|");
        assertThat(neighbour.ask(XsMessageType.READ, "fine")).isEqualTo("yes");
        assertThat(bench.core().tree().check()).isEmpty();
        bench.release(1);
        assertThat(bench.core().tree().check()).isEmpty();
        assertThat(bench.domain(1)).isNull();
        assertThat(bench.core().watches().size()).isZero();
        assertThat(bench.core().domains().pool().transactions()).isZero();
        assertThat(dom0.ask(XsMessageType.DIRECTORY, "/local/domain")).isEqualTo("2|");
        fresh();
    }

    RingGuest guest() {
        return guest;
    }

    TestClient dom0() {
        return dom0;
    }

    Bench bench() {
        return bench;
    }
}
