// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.splitvisor.abi.io.XenbusState;
import io.splitvisor.dom0.config.ClassOrigin;
import io.splitvisor.dom0.config.DomainConfig;
import io.splitvisor.dom0.config.VdevConfig;
import io.splitvisor.dom0.toolstack.DeviceInfo;
import io.splitvisor.dom0.toolstack.ToolstackException;
import io.splitvisor.examples.vrng.VrngBackend;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Cells of the connection matrix with a real Dom0, and guests in processes of their own. */
class ConnectionMatrixIT {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private Dom0Fixture dom0;
    private int domid;
    private Dom0Fixture.Output console;

    @BeforeEach
    void start() {
        dom0 = new Dom0Fixture(List.of(ClassOrigin.of(VrngBackend.class)));
        domid = guest("first");
        console = dom0.console(domid);
        console.awaitText("ready");
    }

    @AfterEach
    void stop() {
        dom0.close();
    }

    private int guest(String name) {
        DomainConfig plain = Dom0Fixture.jvm(name, VrngUserGuest.class, List.of());
        return dom0.create(plain.toBuilder()
                .vdevs(List.of(VdevConfig.parse("type=vrng,rate=1073741824")))
                .build());
    }

    private void tell(String command) {
        tell(console, command);
    }

    private static void tell(Dom0Fixture.Output to, String command) {
        to.type(command);
        to.awaitText("done: " + command);
    }

    private List<DeviceInfo> devices() {
        return dom0.toolstack().devices().list(domid);
    }

    private void awaitBackend(XenbusState... states) {
        await().atMost(PATIENCE).until(() -> List.of(states)
                .contains(XenbusState.of(devices().getFirst().backendState())));
    }

    /** What became of one domain is nothing to another. */
    private void assertOthersWork() {
        Dom0Fixture.Output other = dom0.console(guest("second"));
        other.awaitText("ready");
        tell(other, "open");
        tell(other, "fill");
        tell(other, "close");
    }

    @Test
    void shouldConnectAgainWhenTheBackEndIsReplaced() {
        tell("open");
        tell("fill");
        dom0.toolstack().devices().reload("vrng");
        console.type("fill");
        await().atMost(PATIENCE).until(() -> console.text().split("done: fill", -1).length == 3);
        awaitBackend(XenbusState.CONNECTED);
        tell("close");
    }

    @Test
    void shouldLetGoOfAGuestThatDiesWhileConnected() {
        tell("open");
        tell("fill");
        dom0.toolstack().destroy(domid);
        await().atMost(PATIENCE)
                .until(() -> dom0.toolstack().list().stream().noneMatch(domain -> domain.domid() == domid));
        assertOthersWork();
    }

    @Test
    void shouldLetGoOfAGuestThatDiesBeforeItConnects() {
        awaitBackend(XenbusState.INIT_WAIT);
        dom0.toolstack().destroy(domid);
        await().atMost(PATIENCE)
                .until(() -> dom0.toolstack().list().stream().noneMatch(domain -> domain.domid() == domid));
        assertOthersWork();
    }

    @Test
    void shouldConnectAgainAfterGarbage() {
        tell("open");
        tell("fill");
        // The back end goes to Closing because of it, the front end follows, and both begin anew.
        tell("garbage");
        console.type("fill");
        await().atMost(PATIENCE).until(() -> console.text().split("done: fill", -1).length == 3);
        awaitBackend(XenbusState.CONNECTED);
        assertOthersWork();
    }

    @Test
    void shouldSayWhyItDoesNotServeAFrontEndWithoutRings() {
        awaitBackend(XenbusState.INIT_WAIT);
        tell("3");
        await().atMost(PATIENCE).until(() -> devices().getFirst().error().isPresent());
        assertThat(devices().getFirst().error().orElseThrow()).contains("version");
        assertOthersWork();
    }

    @Test
    void shouldDetachFromAGuestThatStandsStill() {
        tell("open");
        tell("fill");
        dom0.toolstack().pause(domid);
        assertThatThrownBy(() -> dom0.toolstack().devices().detach(domid, "vrng", 0, false))
                .isInstanceOf(ToolstackException.class);
        dom0.toolstack().devices().detach(domid, "vrng", 0, true);
        assertThat(devices()).isEmpty();
        dom0.toolstack().unpause(domid);
        console.type("fill");
        console.awaitText("failed: fill: GONE");
        assertOthersWork();
    }
}
