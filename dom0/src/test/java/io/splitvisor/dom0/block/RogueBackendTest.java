// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.splitvisor.abi.io.BlkifOp;
import io.splitvisor.abi.io.BlkifStatus;
import io.splitvisor.abi.io.XenbusState;
import io.splitvisor.domu.block.BlockDevice;
import io.splitvisor.domu.block.BlockException;
import io.splitvisor.domu.block.BlockIo;
import io.splitvisor.domu.block.BlockSettings;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Front ends and back ends that cannot be trusted, or come and go: rows B21 to B23, and reconnecting. */
class RogueBackendTest {
    private static final Map<String, String> PLAIN = Map.of();
    private static final Map<String, String> PERSISTENT = Map.of("feature-persistent", "1");

    private final BlockHost host = new BlockHost();
    private final GuestSide guest = GuestSide.create(host, 1024);
    private final List<String> log = new CopyOnWriteArrayList<>();
    private RawBackend back;
    private BlockDevice disk;

    private void start(Map<String, String> features) {
        back = new RawBackend(host, guest, features);
        CompletableFuture<Void> connecting = CompletableFuture.runAsync(back::connect);
        disk = BlockDevice.open(guest, BlockHost.XVDA, BlockSettings.defaults(), RawBackend.PATIENCE, log::add);
        connecting.join();
    }

    @AfterEach
    void close() throws Exception {
        disk.close();
        back.crash();
        host.close();
    }

    private void assertRefusedAs(BlockIo io) {
        assertThatThrownBy(io::await).isInstanceOfSatisfying(BlockException.class, e -> assertThat(e.kind())
                .isEqualTo(BlockException.Kind.MISBEHAVED));
        // Later requests fail too, at once.
        BlockIo later = disk.newIo(1);
        disk.queue().submit(later.read(0, 512));
        assertThat(later.isDone()).isTrue();
        assertThat(later.succeeded()).isFalse();
        await().atMost(RawBackend.PATIENCE).until(() -> !log.isEmpty());
        assertThat(log).anyMatch(line -> line.contains("misbehaves"));
        back.awaitPeer(XenbusState.CLOSING);
    }

    private void assertDetected(Map<String, String> features, Consumer<RawBackend.Request> attack) {
        start(features);
        BlockIo io = disk.newIo(1);
        disk.queue().submit(io.read(0, 4096));
        RawBackend.Request request = back.take();
        attack.accept(request);
        assertRefusedAs(io);
    }

    @Test
    void b21_shouldGiveUpABackEndWithImpossibleProducer() {
        assertDetected(PERSISTENT, request -> {
            back.memory().set(ValueLayout.JAVA_INT, 8, 33);
            back.kick();
        });
    }

    @Test
    void b21_shouldGiveUpABackEndThatAnswersWithAnIdBeyondTheRing() {
        assertDetected(PERSISTENT, request -> back.respond(request.id() + 32, BlkifOp.READ, BlkifStatus.OKAY));
    }

    @Test
    void b21_shouldGiveUpABackEndThatAnswersWithAnIdNotInFlight() {
        assertDetected(PERSISTENT, request -> back.respond(request.id() ^ 1, BlkifOp.READ, BlkifStatus.OKAY));
    }

    @Test
    void b21_shouldGiveUpABackEndThatAnswersTwice() {
        start(PERSISTENT);
        BlockIo first = disk.newIo(1);
        disk.queue().submit(first.read(0, 512));
        RawBackend.Request request = back.take();
        back.respond(request.id(), BlkifOp.READ, BlkifStatus.OKAY);
        first.await();
        BlockIo second = disk.newIo(1);
        disk.queue().submit(second.read(0, 512));
        back.take();
        back.respond(request.id(), BlkifOp.READ, BlkifStatus.OKAY);
        assertRefusedAs(second);
        assertThat(first.succeeded()).isTrue();
    }

    @Test
    void b21_shouldGiveUpABackEndThatAnswersAnotherOperation() {
        assertDetected(PERSISTENT, request -> back.respond(request.id(), BlkifOp.WRITE, BlkifStatus.OKAY));
    }

    @Test
    void b21_shouldGiveUpABackEndThatAnswersWithoutBeingAsked() {
        assertDetected(PERSISTENT, request -> {
            back.respond(request.id() + 5, BlkifOp.READ, BlkifStatus.OKAY);
            back.respond(0, BlkifOp.READ, BlkifStatus.OKAY);
        });
    }

    @Test
    void b22_shouldGiveUpABackEndThatKeepsAPageMapped() {
        start(PLAIN);
        BlockIo io = disk.newIo(1);
        int free = guest.memory().freeFrames();
        disk.queue().submit(io.read(0, 4096));
        RawBackend.Request request = back.take();
        int handle = back.mappings().map(request.firstRef(), true);
        assertThat(handle).isNotNegative();
        back.respond(request.id(), BlkifOp.READ, BlkifStatus.OKAY);
        assertRefusedAs(io);
        // The page is not used for anything else as long as it is mapped.
        assertThatThrownBy(() -> io.read(0, 4096)).isInstanceOf(IllegalStateException.class);
        io.close();
        assertThat(guest.memory().freeFrames()).isLessThanOrEqualTo(free);
        assertThat(guest.grants().deferred()).isPositive();
        back.mappings().unmap(handle);
        // What is left after that is the ring, which this back end never unmaps.
        await().atMost(RawBackend.PATIENCE).until(() -> {
            guest.grants().retryDeferred();
            return guest.grants().deferred() <= 1;
        });
    }

    @Test
    void b22_shouldTakeEveryPageBackAfterEachRequest() {
        start(PLAIN);
        BlockIo io = disk.newIo(3);
        for (int i = 0; i < 50; i++) {
            disk.queue().submit(io.read(0, 3 * 4096));
            RawBackend.Request request = back.take();
            int handle = back.mappings().map(request.firstRef(), true);
            assertThat(handle).isNotNegative();
            back.mappings().unmap(handle);
            back.respond(request.id(), BlkifOp.READ, BlkifStatus.OKAY);
            io.await();
            assertThat(back.mappings().map(request.firstRef(), true)).isNegative();
        }
        io.close();
    }

    @Test
    void b23_shouldShareNothingButZeroesAndItsOwnData() {
        start(PERSISTENT);
        // Frames that held secrets come back from the allocator as buffers.
        int secrets = guest.memory().allocate(200);
        guest.memory().pages(secrets, 200).fill((byte) 0x53);
        guest.memory().free(secrets, 200);
        List<BlockIo> ios = new ArrayList<>();
        int most = guest.memory().freeFrames() - 1;
        for (int i = 0; i < most; i++) {
            BlockIo io = disk.newIo(1);
            ios.add(io);
            assertThat(io.buffer().toArray(ValueLayout.JAVA_BYTE)).containsOnly(0);
        }
        ios.forEach(BlockIo::close);
    }

    @Test
    void shouldSubmitAgainWhatTheOldBackEndDidNotAnswer() {
        start(PERSISTENT);
        BlockIo[] ios = new BlockIo[40];
        for (int i = 0; i < ios.length; i++) {
            ios[i] = disk.newIo(1);
            disk.queue().submit(ios[i].read(i * 8L, 512));
        }
        // It answers two, the second of them first, takes a few more, and dies.
        RawBackend.Request first = back.take();
        RawBackend.Request second = back.take();
        back.take();
        back.respond(second.id(), BlkifOp.READ, BlkifStatus.OKAY);
        back.respond(first.id(), BlkifOp.READ, BlkifStatus.ERROR);
        await().atMost(RawBackend.PATIENCE).until(() -> ios[0].isDone() && ios[1].isDone());
        assertThat(ios[1].succeeded()).isTrue();
        back.crash();
        back.own().write("state", XenbusState.CLOSED.code());
        back.awaitPeer(XenbusState.INITIALISING);
        back.own().write("state", XenbusState.INIT_WAIT.code());
        back.connect();
        for (int i = 2; i < ios.length; i++) {
            RawBackend.Request request = back.take();
            assertThat(request.sector()).isEqualTo(i * 8L);
            back.respond(request.id(), request.operation(), BlkifStatus.OKAY);
            ios[i].await();
        }
        assertThat(disk.counters().requests()).isEqualTo(40);
        for (BlockIo io : ios) {
            io.close();
        }
    }

    @Test
    void shouldComeBackWhenTheBackEndStartsAnewWithoutAWord() {
        start(PERSISTENT);
        BlockIo io = disk.newIo(1);
        disk.queue().submit(io.read(80, 512));
        back.take();
        back.crash();
        back.own().write("state", XenbusState.INIT_WAIT.code());
        back.connect();
        RawBackend.Request request = back.take();
        assertThat(request.sector()).isEqualTo(80);
        back.respond(request.id(), BlkifOp.READ, BlkifStatus.OKAY);
        io.await();
        io.close();
    }

    @Test
    void shouldFailWhatIsLeftWhenTheDiskIsTakenAway() {
        start(PERSISTENT);
        BlockIo io = disk.newIo(1);
        disk.queue().submit(io.read(80, 512));
        RawBackend.Request request = back.take();
        back.own().write("online", 0);
        back.own().write("state", XenbusState.CLOSING.code());
        // What is in flight may still be answered; what comes later waits, and then fails.
        back.respond(request.id(), BlkifOp.READ, BlkifStatus.OKAY);
        io.await();
        back.awaitPeer(XenbusState.CLOSED);
        disk.queue().submit(io.read(88, 512));
        back.own().write("state", XenbusState.CLOSED.code());
        assertThatThrownBy(io::await).isInstanceOfSatisfying(BlockException.class, e -> assertThat(e.kind())
                .isEqualTo(BlockException.Kind.GONE));
    }
}
