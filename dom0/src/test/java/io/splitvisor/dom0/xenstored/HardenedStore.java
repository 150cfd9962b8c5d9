// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.xenstored;

import static io.splitvisor.xenstore.XsMessageType.MKDIR;
import static io.splitvisor.xenstore.XsMessageType.SET_PERMS;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A store with Dom0 and a guest for tests of hostile requests; whatever they did, the store is sound at the end. */
abstract class HardenedStore {
    Bench bench;
    TestClient dom0;
    TestClient guest;

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
    void home(int domid) {
        String path = "/local/domain/" + domid;
        assertThat(dom0.ask(MKDIR, path)).isEqualTo("OK|");
        assertThat(dom0.ask(SET_PERMS, path, "n" + domid)).isEqualTo("OK|");
    }
}
