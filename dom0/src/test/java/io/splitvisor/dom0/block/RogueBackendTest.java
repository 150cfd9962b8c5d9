// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.splitvisor.abi.grant.GrantEntryV1;
import io.splitvisor.abi.grant.GrantFlags;
import io.splitvisor.abi.io.BlkifOp;
import io.splitvisor.abi.io.BlkifStatus;
import io.splitvisor.abi.io.XenbusState;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.domu.block.BlockDevice;
import io.splitvisor.domu.block.BlockException;
import io.splitvisor.domu.block.BlockIo;
import io.splitvisor.domu.block.BlockSettings;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Front ends and back ends that cannot be trusted, or come and go: rows B21 to B23, and reconnecting. */
class RogueBackendTest {
    private static final byte SECRET = 0x53;
    private static final long SECRETS = 0x5353535353535353L;
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

    /** Whatever is granted, rings and lists of segments included: nothing in it comes from anywhere but this disk's buffers. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void b23_shouldGrantNoPageWithAnythingOfTheGuestsElse(boolean persistent) {
        int free = guest.memory().freeFrames();
        int secrets = guest.memory().allocate(free);
        guest.memory().pages(secrets, free).fill(SECRET);
        guest.memory().free(secrets, free);
        Map<String, String> features = new HashMap<>(persistent ? PERSISTENT : PLAIN);
        features.put("feature-max-indirect-segments", "64");
        start(features);
        List<BlockIo> ios = new ArrayList<>();
        for (int pages : new int[] {1, 2, 11, 12, 40, 64}) {
            BlockIo io = disk.newIo(pages);
            io.buffer().asSlice(0, 512).fill((byte) 7);
            disk.queue().submit(pages % 2 == 0 ? io.write(0, pages * 4096L - 512) : io.read(0, pages * 4096L));
            ios.add(io);
        }
        int granted = assertNoSecretGranted();
        assertThat(granted).isGreaterThan(130);
        for (int i = 0; i < ios.size(); i++) {
            RawBackend.Request request = back.take();
            back.respond(request.id(), request.operation(), BlkifStatus.OKAY);
        }
        ios.forEach(BlockIo::await);
        // What is done is taken back, or kept for the next request of the same buffer; it is never shared with others.
        int after = assertNoSecretGranted();
        assertThat(after).isEqualTo(persistent ? granted : 1);
        ios.forEach(BlockIo::close);
        assertThat(assertNoSecretGranted()).as("the ring").isEqualTo(1);
    }

    /** Looks at every page that the back end may read; answers how many there are. */
    private int assertNoSecretGranted() {
        MemorySegment memory = guest.memory().segment();
        long table = DomainLayout.bytes(guest.memory().layout().grantTable());
        int pages = 0;
        for (int ref = 0; ref < guest.memory().layout().grantFrames() * GrantEntryV1.PER_PAGE; ref++) {
            long entry = GrantEntryV1.entry(table, ref);
            if ((GrantEntryV1.flagsAcquire(memory, entry) & GrantFlags.TYPE_MASK) != GrantFlags.PERMIT_ACCESS) {
                continue;
            }
            pages++;
            MemorySegment page = guest.memory().page(GrantEntryV1.frame(memory, entry));
            for (long at = 0; at < page.byteSize(); at += Long.BYTES) {
                assertThat(page.get(ValueLayout.JAVA_LONG, at))
                        .as("at %d of the page granted as %d", at, ref)
                        .isNotEqualTo(SECRETS);
            }
        }
        return pages;
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
