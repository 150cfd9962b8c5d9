// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.block;

import static io.splitvisor.dom0.block.RawFrontend.DATA;
import static io.splitvisor.dom0.block.RawFrontend.ref;
import static io.splitvisor.dom0.block.RawFrontend.whole;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.splitvisor.abi.io.BlkifOp;
import io.splitvisor.abi.io.BlkifProtocol;
import io.splitvisor.abi.io.BlkifStatus;
import io.splitvisor.abi.io.XenbusState;
import io.splitvisor.dom0.block.RawFrontend.Response;
import io.splitvisor.dom0.store.BlockStore;
import io.splitvisor.xenstore.Permissions;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Coming, going, and doing both wrongly: rows B14 to B17. */
class BlockLifeCycleTest {
    @TempDir
    Path folder;

    private final BlockHost host = new BlockHost();
    private MemoryStore store;
    private RawFrontend front;

    @BeforeEach
    void attach() {
        store = new MemoryStore(folder.resolve("disk"), 256, 512, false, true);
        front = RawFrontend.attached(host, domid -> BlockConfig.of(domid, BlockHost.XVDA, "xvda", store, false));
    }

    @AfterEach
    void close() throws Exception {
        host.close();
    }

    private void assertServes() {
        front.put(BlkifOp.READ, 1, 0, whole(DATA));
        assertThat(front.exchange()).isEqualTo(new Response(1, BlkifOp.READ, BlkifStatus.OKAY));
    }

    private int inUse() {
        return front.domain().grants().inUse();
    }

    private void assertFatal(String error) {
        front.awaitPeer(XenbusState.CLOSING);
        await().atMost(RawFrontend.PATIENCE)
                .untilAsserted(() -> assertThat(front.error()).contains(error));
        await().atMost(RawFrontend.PATIENCE).until(() -> inUse() == 0);
        assertThat(host.events()).anyMatch(line -> line.contains(error.substring(error.indexOf(' ') + 1)));
    }

    @Test
    void shouldWriteTheNodesOfBothEnds() {
        assertThat(front.peer().state()).isEqualTo(XenbusState.INIT_WAIT);
        assertThat(front.peer().read("frontend-id")).isEqualTo(Integer.toString(front.domid()));
        assertThat(front.peer().read("frontend")).isEqualTo("/local/domain/" + front.domid() + "/device/vbd/51712");
        assertThat(front.peer().read("sectors")).isEqualTo("256");
        assertThat(front.peer().read("sector-size")).isEqualTo("512");
        assertThat(front.peer().read("physical-sector-size")).isEqualTo("4096");
        assertThat(front.peer().read("info")).isEqualTo("0");
        assertThat(front.peer().read("mode")).isEqualTo("w");
        assertThat(front.peer().read("feature-flush-cache")).isEqualTo("1");
        assertThat(front.peer().read("feature-barrier")).isEqualTo("1");
        assertThat(front.peer().read("feature-discard")).isEqualTo("1");
        assertThat(front.peer().read("feature-persistent")).isEqualTo("1");
        assertThat(front.peer().read("feature-max-indirect-segments")).isEqualTo("256");
        assertThat(front.peer().read("max-ring-page-order")).isEqualTo("4");
        assertThat(front.peer().read("multi-queue-max-queues")).isEqualTo("4");
        assertThat(front.peer().read("hotplug-status")).isEqualTo("connected");
        assertThat(front.own().read("backend-id")).isEqualTo("0");
        assertThat(front.own().read("virtual-device")).isEqualTo("51712");
        assertThat(front.own().state()).isEqualTo(XenbusState.INITIALISING);
        assertThat(host.store().getPermissions(front.peer().path("state")))
                .isEqualTo(Permissions.parse(java.util.List.of("n0", "r" + front.domid())));
        assertThat(host.store().getPermissions(host.store().getDomainPath(front.domid()) + "/device/vbd/51712/state"))
                .isEqualTo(Permissions.parse(java.util.List.of("n" + front.domid(), "r0")));
    }

    @Test
    void shouldListWhatBlockListShows() {
        front.connect(false);
        assertServes();
        VirtualDisk disk = host.backend().list(front.domid()).getFirst();
        assertThat(disk.devid()).isEqualTo(51712);
        assertThat(disk.state()).isEqualTo(4);
        assertThat(disk.eventChannel()).isEqualTo(front.port());
        assertThat(disk.ringRef()).isEqualTo(ref(RawFrontend.RING));
        assertThat(disk.backendPath()).isEqualTo("/local/domain/0/backend/vbd/" + front.domid() + "/51712");
        assertThat(disk.statistics().reads()).isEqualTo(1);
        assertThat(disk.statistics().readSectors()).isEqualTo(8);
        assertThat(disk.statistics().requests()).isEqualTo(1);
    }

    @Test
    void shouldRefuseASecondDiskOfTheSameNumber() {
        assertThatThrownBy(() ->
                        host.backend().attach(BlockConfig.of(front.domid(), BlockHost.XVDA, "xvda", store, false)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("51712");
        front.connect(false);
        assertServes();
    }

    @Test
    void shouldDetachWhenTheFrontEndAgrees() throws Exception {
        front.connect(true);
        assertServes();
        CompletableFuture<Void> gone = host.backend().detach(front.domid(), BlockHost.XVDA, false);
        front.awaitPeer(XenbusState.CLOSING);
        assertThat(front.peer().read("online")).isEqualTo("0");
        // It still serves: the front end may have to write things back.
        assertServes();
        front.own().switchTo(XenbusState.CLOSING);
        assertThat(gone.isDone()).isFalse();
        front.own().switchTo(XenbusState.CLOSED);
        gone.get(10, TimeUnit.SECONDS);
        assertThat(inUse()).isZero();
        assertThat(store.isClosed()).isTrue();
        assertThat(host.store().exists("/local/domain/0/backend/vbd")).isTrue();
        assertThat(host.store().list("/local/domain/0/backend/vbd")).isEmpty();
        assertThat(front.own().read("state")).isNull();
        assertThat(host.backend().list(front.domid())).isEmpty();
    }

    @Test
    void shouldDetachByForceAtAnyTime() {
        front.connect(true);
        assertServes();
        host.backend().detach(front.domid(), BlockHost.XVDA, false);
        front.awaitPeer(XenbusState.CLOSING);
        host.backend().detach(front.domid(), BlockHost.XVDA, true).join();
        assertThat(inUse()).isZero();
        assertThat(store.isClosed()).isTrue();
    }

    @Test
    void shouldDetachWhatNobodyEverConnectedTo() {
        host.backend().detach(front.domid(), BlockHost.XVDA, false).join();
        assertThat(store.isClosed()).isTrue();
        assertThat(host.backend().has(front.domid(), BlockHost.XVDA)).isFalse();
    }

    @Test
    void shouldConnectAgainAfterClosing() {
        for (int i = 0; i < 20; i++) {
            front.connect(i % 2 == 0);
            assertServes();
            front.own().switchTo(XenbusState.CLOSING);
            front.awaitPeer(XenbusState.CLOSING);
            front.own().switchTo(XenbusState.CLOSED);
            front.awaitPeer(XenbusState.CLOSED);
            assertThat(inUse()).isZero();
            front.own().switchTo(XenbusState.INITIALISING);
            front.awaitPeer(XenbusState.INIT_WAIT);
        }
    }

    @Test
    void shouldGoOnWithARingInUseAsLinuxDoes() {
        front.offer(1, false);
        // Five requests were answered by a back end that is gone, two were not.
        front.ring().pushRequests();
        for (int i = 0; i < 7; i++) {
            front.put(BlkifOp.READ, i, i, whole(DATA));
        }
        front.page(RawFrontend.RING).set(java.lang.foreign.ValueLayout.JAVA_INT, 8, 5);
        front.ring().pushRequests();
        front.awaitPeer(XenbusState.CONNECTED);
        front.kick();
        for (int i = 0; i < 5; i++) {
            front.next();
        }
        assertThat(front.next().id()).isEqualTo(5);
        assertThat(front.next().id()).isEqualTo(6);
    }

    @Test
    void b14_shouldStandAFrontEndThatLoopsAsFastAsItCan() {
        for (int i = 0; i < 300; i++) {
            front.offer(1, i % 2 == 0);
            front.own().switchTo(XenbusState.CONNECTED);
            front.put(BlkifOp.READ, i, 0, whole(DATA));
            front.push();
            front.own().switchTo(XenbusState.CLOSED);
            front.own().switchTo(XenbusState.INITIALISING);
            front.domain().events().close(front.port());
        }
        // Whatever it made of that, a decent cycle works afterwards.
        front.own().switchTo(XenbusState.CLOSED);
        front.awaitPeer(XenbusState.CLOSED);
        await().atMost(RawFrontend.PATIENCE).until(() -> inUse() == 0);
        front.own().switchTo(XenbusState.INITIALISING);
        front.awaitPeer(XenbusState.INIT_WAIT);
        front.connect(false);
        assertServes();
    }

    @Test
    void b15_shouldKeepPagesMappedWhileRequestsAreInFlight() {
        front.connect(false);
        store.hook(request -> BlockStore.PENDING);
        front.put(BlkifOp.READ, 1, 0, whole(DATA));
        front.push();
        await().atMost(RawFrontend.PATIENCE).until(() -> store.held() == 1);
        // Not closed, and ring and data page still in use, as long as the store has the request. Two states that follow
        // each
        // other at once may be seen as one, so it is done at leisure.
        AtomicBoolean close = new AtomicBoolean();
        await().atMost(RawFrontend.PATIENCE).until(() -> {
            close.set(!close.get());
            front.own().switchTo(close.get() ? XenbusState.CLOSED : XenbusState.INITIALISED);
            return front.peer().state() == XenbusState.CLOSING;
        });
        assertThat(front.error()).isEqualTo("-16 pending I/O");
        assertThat(inUse()).isEqualTo(2);
        store.release();
        await().atMost(RawFrontend.PATIENCE).until(() -> inUse() == 0);
        store.hook(request -> MemoryStore.DO);
        front.own().switchTo(XenbusState.CLOSED);
        front.awaitPeer(XenbusState.CLOSED);
        front.own().switchTo(XenbusState.INITIALISING);
        front.awaitPeer(XenbusState.INIT_WAIT);
        front.connect(false);
        assertServes();
    }

    @Test
    void b15_shouldDrainADeadDomain() {
        front.connect(true);
        store.hook(request -> BlockStore.PENDING);
        for (int i = 0; i < 8; i++) {
            front.put(BlkifOp.READ, i, 0, whole(DATA + i));
        }
        front.push();
        await().atMost(RawFrontend.PATIENCE).until(() -> store.held() == 8);
        CompletableFuture<Void> drained = host.backend().domainDied(front.domid());
        assertThat(drained.isDone()).isFalse();
        assertThat(inUse()).isEqualTo(9);
        store.release();
        drained.join();
        assertThat(inUse()).isZero();
    }

    @ParameterizedTest
    @CsvSource({
        "ring-page-order,5,'-22 request 5 ring page order exceed max:4'",
        "ring-page-order,4294967295,'-22 request 4294967295 ring page order exceed max:4'",
        "ring-page-order,x,'-22 reading device/vbd/51712/ring-page-order: it is no number'",
        "ring-page-order,1,'-22 reading device/vbd/51712/ring-ref0: it is missing'",
        "multi-queue-num-queues,0,'-22 guest requested 0 queues, exceeding the maximum of 4'",
        "multi-queue-num-queues,5,'-22 guest requested 5 queues, exceeding the maximum of 4'",
        "multi-queue-num-queues,2,'-22 reading device/vbd/51712/queue-0/event-channel: it is missing'",
        "ring-ref,99999999999,'-22 reading device/vbd/51712/ring-ref: it is no number'",
        "ring-ref,-1,'-22 reading device/vbd/51712/ring-ref: it is no number'",
        "ring-ref,'','-22 reading device/vbd/51712/ring-ref: it is no number'",
        "ring-ref,9,'-22 grant reference 9 cannot be mapped'",
        "ring-ref,4294967295,'-22 grant reference 4294967295 cannot be mapped'",
        "event-channel,0,'-22 event channel 0'",
        "event-channel,4095,'-22 event channel 4095'",
        "event-channel,4294967295,'-22 event channel 4294967295'",
        "event-channel,seven,'-22 reading device/vbd/51712/event-channel: it is no number'",
        "protocol,arm-abi,'-38 unknown fe protocol arm-abi'",
    })
    void b16_shouldRefuseToConnectTo(String node, String value, String error) {
        front.own().write("ring-ref", ref(RawFrontend.RING));
        front.own().write("event-channel", front.domain().events().allocUnbound(0));
        front.own().write("protocol", BlkifProtocol.X86_64.node());
        front.own().write(node, value);
        front.own().switchTo(XenbusState.INITIALISED);
        String path = "/local/domain/" + front.domid() + "/device/";
        assertFatal(error.replace("device/", path));
    }

    @Test
    void b16_shouldMapNothingIfTheSecondRingIsBad() {
        front.own().write("multi-queue-num-queues", 2);
        for (int i = 0; i < 2; i++) {
            front.own().write("queue-" + i + "/ring-ref", i == 0 ? ref(RawFrontend.RING) : 5);
            front.own()
                    .write(
                            "queue-" + i + "/event-channel",
                            front.domain().events().allocUnbound(0));
        }
        front.own().switchTo(XenbusState.INITIALISED);
        assertFatal("-22 grant reference 5 cannot be mapped");
    }

    @Test
    void b16_shouldRefuseARingThatIsTooFullFromTheStart() {
        front.page(RawFrontend.RING).set(java.lang.foreign.ValueLayout.JAVA_INT, 0, 1000);
        front.own().write("ring-ref", ref(RawFrontend.RING));
        front.own().write("event-channel", front.domain().events().allocUnbound(0));
        front.own().switchTo(XenbusState.INITIALISED);
        assertFatal("-5 the ring holds more requests than it has room for");
    }

    @ParameterizedTest
    @ValueSource(strings = {"7", "8", "9", "2", "abc", "", "-1", "4294967300"})
    void b17_shouldCloseBecauseOfAStateThatIsNone(String state) {
        front.connect(false);
        assertServes();
        front.own().write("state", state);
        front.awaitPeer(XenbusState.CLOSING);
        await().atMost(RawFrontend.PATIENCE)
                .untilAsserted(() -> assertThat(front.error()).startsWith("-22 saw "));
        await().atMost(RawFrontend.PATIENCE).until(() -> inUse() == 0);
        front.own().switchTo(XenbusState.CLOSED);
        front.awaitPeer(XenbusState.CLOSED);
        front.own().switchTo(XenbusState.INITIALISING);
        front.awaitPeer(XenbusState.INIT_WAIT);
        front.connect(false);
        assertServes();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void b17_shouldTearTheDeviceDownWhenTheFrontEndIsGone(boolean removed) {
        front.connect(true);
        assertServes();
        if (removed) {
            host.store().rm("/local/domain/" + front.domid() + "/device/vbd/51712");
        } else {
            front.own().write("state", 0);
        }
        await().atMost(RawFrontend.PATIENCE).until(() -> !host.backend().has(front.domid(), BlockHost.XVDA));
        assertThat(inUse()).isZero();
        assertThat(store.isClosed()).isTrue();
    }
}
