// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.block;

import static io.splitvisor.dom0.block.RawFrontend.DATA;
import static io.splitvisor.dom0.block.RawFrontend.SEGMENTS;
import static io.splitvisor.dom0.block.RawFrontend.ref;
import static io.splitvisor.dom0.block.RawFrontend.whole;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.splitvisor.abi.io.BlkifOp;
import io.splitvisor.abi.io.BlkifProtocol;
import io.splitvisor.abi.io.BlkifRequest;
import io.splitvisor.abi.io.BlkifRequestSegment;
import io.splitvisor.abi.io.BlkifStatus;
import io.splitvisor.dom0.block.RawFrontend.Response;
import io.splitvisor.dom0.block.RawFrontend.Segment;
import io.splitvisor.dom0.store.BlockStore;
import io.splitvisor.dom0.store.StoreRequest.Operation;
import io.splitvisor.host.Errno;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What hostile requests get: rows B1 to B12, B18 to B20. */
class BlockRequestHardeningTest {
    private static final int SECTORS = 256;
    private static final long MAX = -1L;

    @TempDir
    Path folder;

    private final BlockHost host = new BlockHost();
    private MemoryStore store;
    private RawFrontend front;
    private byte[] before;

    private void start(boolean readOnly, int sectorSize, boolean flush, boolean persistent, BlkifProtocol protocol) {
        store = new MemoryStore(folder.resolve("disk"), SECTORS, sectorSize, false, flush);
        before = store.bytes();
        front = RawFrontend.attached(
                host, protocol, domid -> BlockConfig.of(domid, BlockHost.XVDA, "xvda", store, readOnly));
        front.connect(persistent);
    }

    private void start() {
        start(false, 512, true, false, BlkifProtocol.X86_64);
    }

    @AfterEach
    void close() throws Exception {
        host.close();
    }

    private void assertUnharmed() {
        assertThat(store.bytes()).isEqualTo(before);
        front.put(BlkifOp.READ, 4711, 8, whole(DATA));
        assertThat(front.exchange()).isEqualTo(new Response(4711, BlkifOp.READ, BlkifStatus.OKAY));
        assertThat(front.page(DATA).toArray(ValueLayout.JAVA_BYTE)).isEqualTo(Arrays.copyOfRange(before, 4096, 8192));
    }

    private void assertRefused(long id, int operation, int status) {
        assertThat(front.exchange()).isEqualTo(new Response(id, operation, status));
    }

    @ParameterizedTest
    @ValueSource(ints = {33, 64, Integer.MAX_VALUE, Integer.MIN_VALUE, -1, -5})
    void b1_shouldHaltARingWithImpossibleProducer(int producer) {
        start();
        front.put(BlkifOp.READ, 1, 0, whole(DATA));
        front.page(RawFrontend.RING).set(ValueLayout.JAVA_INT, 0, producer);
        front.kick();
        await().atMost(RawFrontend.PATIENCE).until(() -> !host.events().isEmpty());
        assertThat(host.events()).singleElement().asString().contains("more requests than the ring holds");
        assertThat(front.ring().unconsumedResponses()).isZero();
        // Halted for good, a decent producer does not bring it back; but the disk can be taken away.
        front.page(RawFrontend.RING).set(ValueLayout.JAVA_INT, 0, 1);
        front.kick();
        host.backend().detach(front.domid(), BlockHost.XVDA, true).join();
        assertThat(front.ring().unconsumedResponses()).isZero();
        assertThat(store.seen()).isEmpty();
        assertThat(front.domain().grants().inUse()).isZero();
    }

    @Test
    void b2_shouldServeOneReadingOfARequestThatKeepsChanging() throws Exception {
        start();
        // The guest flips the request between a read of sector 0 and one that is out of range, as fast as it can.
        byte[] first = Arrays.copyOf(before, 4096);
        AtomicInteger stop = new AtomicInteger();
        long slotSector = 64 + BlkifRequest.SECTOR_NUMBER.offset();
        long slotSegments = 64 + BlkifRequest.NR_SEGMENTS.offset();
        var ring = front.page(RawFrontend.RING);
        Thread attacker = Thread.ofPlatform().daemon().start(() -> {
            while (stop.get() == 0) {
                ring.set(ValueLayout.JAVA_LONG_UNALIGNED, slotSector, 1L << 40);
                ring.set(ValueLayout.JAVA_BYTE, slotSegments, (byte) 255);
                ring.set(ValueLayout.JAVA_BYTE, slotSegments, (byte) 1);
                ring.set(ValueLayout.JAVA_LONG_UNALIGNED, slotSector, 0L);
            }
        });
        int served = 0;
        for (int i = 0; i < 20000; i++) {
            front.put(BlkifOp.READ, i, 0, whole(DATA));
            Response response = front.exchange();
            // In slot 0 the guest's own scribbling hits the response too.
            assertThat(response.id() == i || i % 32 == 0).isTrue();
            if (response.status() == BlkifStatus.OKAY) {
                served++;
                assertThat(front.page(DATA).toArray(ValueLayout.JAVA_BYTE)).isEqualTo(first);
            }
        }
        stop.set(1);
        attacker.join();
        assertThat(served).isPositive();
        assertUnharmed();
    }

    @ParameterizedTest
    @ValueSource(ints = {BlkifOp.READ, BlkifOp.WRITE})
    void b3_shouldRefuseNoSegments(int operation) {
        start();
        front.put(operation, 3, 0);
        assertRefused(3, operation, BlkifStatus.ERROR);
        front.put(BlkifOp.FLUSH_DISKCACHE, 4, 0);
        assertRefused(4, BlkifOp.FLUSH_DISKCACHE, BlkifStatus.OKAY);
        front.put(BlkifOp.WRITE_BARRIER, 5, 0);
        assertRefused(5, BlkifOp.WRITE_BARRIER, BlkifStatus.OKAY);
        assertUnharmed();
    }

    @Test
    void b4_shouldRefuseTooManySegments() {
        start();
        for (int count : new int[] {12, 128, 255}) {
            front.put(BlkifOp.READ, count, 40, 0, whole(DATA));
            assertRefused(40, BlkifOp.READ, BlkifStatus.ERROR);
        }
        for (int count : new int[] {0, 257, 512, 4096, 65535}) {
            front.putIndirect(BlkifOp.READ, count, 41, 0, ref(SEGMENTS));
            assertRefused(41, BlkifOp.INDIRECT, BlkifStatus.ERROR);
        }
        assertThat(store.seen()).isEmpty();
        assertUnharmed();
    }

    @ParameterizedTest
    @CsvSource({"0,8", "3,2", "7,0", "255,255", "0,255", "8,8"})
    void b5_shouldRefuseSectorsOutsideThePage(int first, int last) {
        start();
        Segment bad = new Segment(ref(DATA), first, last);
        front.put(BlkifOp.WRITE, 5, 0, whole(DATA + 1), bad);
        assertRefused(5, BlkifOp.WRITE, BlkifStatus.ERROR);
        front.indirectSegment(0, whole(DATA + 1));
        front.indirectSegment(1, bad);
        front.putIndirect(BlkifOp.WRITE, 2, 6, 0, ref(SEGMENTS));
        assertRefused(6, BlkifOp.INDIRECT, BlkifStatus.ERROR);
        assertUnharmed();
    }

    @Test
    void b5_shouldReadSegmentsOfAnIndirectPageOnce() throws Exception {
        start();
        front.page(DATA).fill((byte) 1);
        front.indirectSegment(0, whole(DATA));
        AtomicInteger stop = new AtomicInteger();
        var segments = front.page(SEGMENTS);
        Thread attacker = Thread.ofPlatform().daemon().start(() -> {
            while (stop.get() == 0) {
                BlkifRequestSegment.LAST_SECT.set(segments, 0, 200);
                BlkifRequestSegment.LAST_SECT.set(segments, 0, 7);
            }
        });
        for (int i = 0; i < 20000; i++) {
            front.putIndirect(BlkifOp.READ, 1, i, SECTORS - 8, ref(SEGMENTS));
            Response response = front.exchange();
            assertThat(response.status()).isIn(BlkifStatus.OKAY, BlkifStatus.ERROR);
        }
        stop.set(1);
        attacker.join();
        // Nothing was written behind the page.
        assertThat(front.page(DATA + 1).toArray(ValueLayout.JAVA_BYTE)).containsOnly(0);
        assertUnharmed();
    }

    @ParameterizedTest
    @ValueSource(
            longs = {SECTORS - 7, SECTORS, SECTORS + 1, 1L << 32, 1L << 55, Long.MAX_VALUE, Long.MIN_VALUE, MAX, -7})
    void b6_shouldRefuseSectorsPastTheEnd(long sector) {
        start();
        for (int operation : new int[] {BlkifOp.READ, BlkifOp.WRITE}) {
            front.put(operation, 6, sector, whole(DATA));
            assertRefused(6, operation, BlkifStatus.ERROR);
            front.indirectSegment(0, whole(DATA));
            front.putIndirect(operation, 1, 7, sector, ref(SEGMENTS));
            assertRefused(7, BlkifOp.INDIRECT, BlkifStatus.ERROR);
        }
        front.putDiscard(8, 0, sector, 8);
        assertRefused(8, BlkifOp.DISCARD, BlkifStatus.ERROR);
        front.putDiscard(9, 0, 1, MAX);
        assertRefused(9, BlkifOp.DISCARD, BlkifStatus.ERROR);
        front.putDiscard(9, 0, 16, Long.MAX_VALUE);
        assertRefused(9, BlkifOp.DISCARD, BlkifStatus.ERROR);
        assertThat(store.seen()).isEmpty();
        assertUnharmed();
    }

    @Test
    void b6_shouldServeTheLastSector() {
        start();
        front.put(BlkifOp.READ, 6, SECTORS - 1, new Segment(ref(DATA), 5, 5));
        assertRefused(6, BlkifOp.READ, BlkifStatus.OKAY);
        assertThat(front.page(DATA).asSlice(5 * 512, 512).toArray(ValueLayout.JAVA_BYTE))
                .isEqualTo(Arrays.copyOfRange(before, (SECTORS - 1) * 512, SECTORS * 512));
        assertUnharmed();
    }

    @Test
    void b7_shouldRefuseWhatIsNotAlignedToTheSectorSize() {
        start(false, 4096, true, false, BlkifProtocol.X86_64);
        front.put(BlkifOp.READ, 7, 4, whole(DATA));
        assertRefused(7, BlkifOp.READ, BlkifStatus.ERROR);
        front.put(BlkifOp.WRITE, 8, 8, new Segment(ref(DATA), 0, 3));
        assertRefused(8, BlkifOp.WRITE, BlkifStatus.ERROR);
        front.put(BlkifOp.WRITE, 9, 8, new Segment(ref(DATA), 0, 3), new Segment(ref(DATA), 4, 7));
        assertRefused(9, BlkifOp.WRITE, BlkifStatus.ERROR);
        front.putDiscard(10, 0, 8, 4);
        assertRefused(10, BlkifOp.DISCARD, BlkifStatus.ERROR);
        assertUnharmed();
    }

    @Test
    void b8_shouldRefuseWritingToAReadOnlyDisk() {
        start(true, 512, true, false, BlkifProtocol.X86_64);
        assertThat(front.peer().read("mode")).isEqualTo("r");
        assertThat(front.peer().read("info")).isEqualTo("4");
        front.page(DATA).fill((byte) 0x55);
        front.put(BlkifOp.WRITE, 8, 0, whole(DATA));
        assertRefused(8, BlkifOp.WRITE, BlkifStatus.ERROR);
        front.put(BlkifOp.FLUSH_DISKCACHE, 9, 0, whole(DATA));
        assertRefused(9, BlkifOp.FLUSH_DISKCACHE, BlkifStatus.ERROR);
        front.put(BlkifOp.WRITE_BARRIER, 10, 0, whole(DATA));
        assertRefused(10, BlkifOp.WRITE_BARRIER, BlkifStatus.ERROR);
        front.putDiscard(11, 0, 0, 8);
        assertRefused(11, BlkifOp.DISCARD, BlkifStatus.ERROR);
        front.indirectSegment(0, whole(DATA));
        front.putIndirect(BlkifOp.WRITE, 1, 12, 0, ref(SEGMENTS));
        assertRefused(12, BlkifOp.INDIRECT, BlkifStatus.ERROR);
        assertUnharmed();
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 7, 100, 255})
    void b9_shouldNotSupportUnknownOperations(int operation) {
        start();
        front.put(operation, 0x1234567890abcdefL, 0, whole(DATA));
        assertRefused(0x1234567890abcdefL, operation, BlkifStatus.EOPNOTSUPP);
        assertUnharmed();
    }

    @ParameterizedTest
    @ValueSource(ints = {BlkifOp.WRITE_BARRIER, BlkifOp.FLUSH_DISKCACHE, BlkifOp.DISCARD, BlkifOp.INDIRECT, 200})
    void b10_shouldRefuseIndirectionOfAnythingButReadAndWrite(int kind) {
        start();
        front.indirectSegment(0, whole(DATA));
        front.putIndirect(kind, 1, 10, 0, ref(SEGMENTS));
        assertRefused(10, BlkifOp.INDIRECT, BlkifStatus.ERROR);
        assertUnharmed();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void b11_shouldRefuseABadIndirectPage(boolean persistent) {
        start(false, 512, true, persistent, BlkifProtocol.X86_64);
        int ringPages = front.domain().grants().inUse();
        for (int bad : new int[] {0, 4095, 4096, -1, Integer.MIN_VALUE}) {
            front.putIndirect(BlkifOp.READ, 1, 11, 0, bad);
            assertRefused(11, BlkifOp.INDIRECT, BlkifStatus.ERROR);
        }
        assertThat(front.domain().grants().inUse()).isEqualTo(ringPages);
        assertUnharmed();
    }

    @ParameterizedTest
    @CsvSource({"0,false", "5,false", "10,false", "0,true", "5,true", "10,true"})
    void b12_shouldUnmapTheGoodGrantsWhereOneIsBad(int position, boolean persistent) {
        start(false, 512, true, persistent, BlkifProtocol.X86_64);
        int used = front.domain().grants().inUse();
        Segment[] segments = new Segment[11];
        for (int i = 0; i < segments.length; i++) {
            segments[i] = i == position ? new Segment(3, 0, 7) : whole(DATA + i);
        }
        for (int i = 0; i < 50; i++) {
            front.put(BlkifOp.READ, 12, 0, segments);
            assertRefused(12, BlkifOp.READ, BlkifStatus.ERROR);
        }
        assertThat(store.seen()).isEmpty();
        // Mappings that may be kept are kept, each once.
        assertThat(front.domain().grants().inUse()).isEqualTo(used + (persistent ? position : 0));
        assertUnharmed();
    }

    @Test
    void b13_shouldKeepNoMoreMappingsThanItsLimit() {
        store = new MemoryStore(folder.resolve("disk"), SECTORS, 512, false, true);
        before = store.bytes();
        front = RawFrontend.attached(
                host,
                domid -> new BlockConfig(
                        domid,
                        BlockHost.XVDA,
                        "xvda",
                        store.name(),
                        () -> store,
                        false,
                        false,
                        true,
                        new BlockOptions(1, 0, 256, true, 16)));
        front.connect(true);
        Random random = new Random(13);
        for (int i = 0; i < 500; i++) {
            int count = 1 + random.nextInt(11);
            Segment[] segments = new Segment[count];
            for (int s = 0; s < count; s++) {
                boolean bad = random.nextInt(20) == 0;
                segments[s] = bad ? new Segment(2000 + i, 0, 7) : whole(DATA + random.nextInt(300));
            }
            front.put(BlkifOp.READ, i, 0, segments);
            assertThat(front.exchange().id()).isEqualTo(i);
            assertThat(front.domain().grants().inUse()).isBetween(1, 1 + 16);
        }
        assertThat(front.domain().grants().inUse()).isEqualTo(1 + 16);
        assertUnharmed();
        host.backend().detach(front.domid(), BlockHost.XVDA, true).join();
        assertThat(front.domain().grants().inUse()).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {Errno.EIO, Errno.ENOSPC, Errno.EOPNOTSUPP})
    void b18_shouldFailOnlyTheRequestsThatTheStoreFails(int errno) {
        start();
        store.hook(request -> request.offset() == 8 * 512 ? -errno : MemoryStore.DO);
        front.put(BlkifOp.READ, 1, 0, whole(DATA));
        front.put(BlkifOp.READ, 2, 8, whole(DATA + 1));
        front.put(BlkifOp.WRITE, 3, 8, whole(DATA + 2));
        front.put(BlkifOp.READ, 4, 16, whole(DATA + 3));
        front.push();
        assertThat(List.of(front.next(), front.next(), front.next(), front.next()))
                .containsExactlyInAnyOrder(
                        new Response(1, BlkifOp.READ, BlkifStatus.OKAY),
                        new Response(2, BlkifOp.READ, BlkifStatus.ERROR),
                        new Response(3, BlkifOp.WRITE, BlkifStatus.ERROR),
                        new Response(4, BlkifOp.READ, BlkifStatus.OKAY));
        store.hook(request -> MemoryStore.DO);
        assertUnharmed();
    }

    @Test
    void b19_shouldWithdrawTheFlushThatTheStoreCannotKeep() {
        start();
        assertThat(front.peer().read("feature-flush-cache")).isEqualTo("1");
        store.hook(request -> request.operation() == Operation.FLUSH ? -Errno.EOPNOTSUPP : MemoryStore.DO);
        front.put(BlkifOp.FLUSH_DISKCACHE, 19, 0);
        assertRefused(19, BlkifOp.FLUSH_DISKCACHE, BlkifStatus.EOPNOTSUPP);
        await().atMost(RawFrontend.PATIENCE).until(() -> "0".equals(front.peer().read("feature-flush-cache")));
        assertThat(front.peer().read("feature-barrier")).isEqualTo("0");
        front.put(BlkifOp.WRITE_BARRIER, 20, 0, whole(DATA));
        assertRefused(20, BlkifOp.WRITE_BARRIER, BlkifStatus.EOPNOTSUPP);
        assertThat(store.seen()).containsExactly(Operation.FLUSH);
        assertUnharmed();
    }

    @Test
    void b19_shouldNotOfferAFlushThatTheStoreDoesNotHave() {
        start(false, 512, false, false, BlkifProtocol.X86_64);
        assertThat(front.peer().read("feature-flush-cache")).isEqualTo("0");
        front.put(BlkifOp.FLUSH_DISKCACHE, 19, 0);
        assertRefused(19, BlkifOp.FLUSH_DISKCACHE, BlkifStatus.EOPNOTSUPP);
        assertUnharmed();
    }

    @Test
    void b20_shouldServeTheSameIdManyTimes() {
        start();
        store.hook(request -> BlockStore.PENDING);
        for (int i = 0; i < 32; i++) {
            front.put(BlkifOp.READ, i < 16 ? 77 : MAX, i, new Segment(ref(DATA + i), 0, 0));
        }
        front.push();
        await().atMost(RawFrontend.PATIENCE).until(() -> store.held() == 32);
        store.release();
        int same = 0;
        Set<Long> ids = new HashSet<>();
        for (int i = 0; i < 32; i++) {
            Response response = front.next();
            assertThat(response.status()).isEqualTo(BlkifStatus.OKAY);
            same += response.id() == 77 ? 1 : 0;
            ids.add(response.id());
        }
        assertThat(same).isEqualTo(16);
        assertThat(ids).containsExactlyInAnyOrder(77L, MAX);
        for (int i = 0; i < 32; i++) {
            assertThat(front.page(DATA + i).asSlice(0, 512).toArray(ValueLayout.JAVA_BYTE))
                    .isEqualTo(Arrays.copyOfRange(before, i * 512, i * 512 + 512));
        }
        store.hook(request -> MemoryStore.DO);
        assertUnharmed();
    }

    @Test
    void shouldRefuseASecureDiscardAndTakeAnEmptyOne() {
        start();
        front.putDiscard(1, 1, 0, 8);
        assertRefused(1, BlkifOp.DISCARD, BlkifStatus.EOPNOTSUPP);
        front.putDiscard(2, 0, 8, 0);
        assertRefused(2, BlkifOp.DISCARD, BlkifStatus.OKAY);
        assertUnharmed();
    }

    @Test
    void shouldSpeakTheProtocolOf32BitGuests() {
        start(false, 512, true, false, BlkifProtocol.X86_32);
        front.page(DATA + 1).fill((byte) 0x77);
        front.put(BlkifOp.WRITE, 0x1122334455667788L, 100, new Segment(ref(DATA + 1), 1, 2));
        assertRefused(0x1122334455667788L, BlkifOp.WRITE, BlkifStatus.OKAY);
        front.indirectSegment(0, new Segment(ref(DATA + 2), 0, 7));
        front.indirectSegment(1, new Segment(ref(DATA + 3), 4, 5));
        front.putIndirect(BlkifOp.READ, 2, 9, 98, ref(SEGMENTS));
        assertRefused(9, BlkifOp.INDIRECT, BlkifStatus.OKAY);
        Arrays.fill(before, 100 * 512, 102 * 512, (byte) 0x77);
        assertThat(front.page(DATA + 2).toArray(ValueLayout.JAVA_BYTE))
                .isEqualTo(Arrays.copyOfRange(before, 98 * 512, 106 * 512));
        assertThat(front.page(DATA + 3).asSlice(4 * 512, 1024).toArray(ValueLayout.JAVA_BYTE))
                .isEqualTo(Arrays.copyOfRange(before, 106 * 512, 108 * 512));
        front.putDiscard(10, 0, 0, 16);
        assertRefused(10, BlkifOp.DISCARD, BlkifStatus.OKAY);
        Arrays.fill(before, 0, 16 * 512, (byte) 0);
        assertUnharmed();
    }

    @Test
    void shouldLetABarrierWaitForAllBeforeItAndHoldAllBehindIt() {
        start();
        store.hook(request -> BlockStore.PENDING);
        front.put(BlkifOp.WRITE, 1, 0, whole(DATA));
        front.put(BlkifOp.WRITE, 2, 8, whole(DATA));
        front.put(BlkifOp.WRITE_BARRIER, 3, 16, whole(DATA));
        front.put(BlkifOp.READ, 4, 24, whole(DATA));
        front.push();
        await().atMost(RawFrontend.PATIENCE).until(() -> store.held() == 2);
        assertThat(store.seen()).containsExactly(Operation.WRITE, Operation.WRITE);
        store.release();
        await().atMost(RawFrontend.PATIENCE).until(() -> store.held() == 1);
        assertThat(store.seen()).endsWith(Operation.FLUSH);
        store.release();
        await().atMost(RawFrontend.PATIENCE).until(() -> store.held() == 1);
        assertThat(store.seen()).endsWith(Operation.FLUSH, Operation.WRITE);
        store.release();
        await().atMost(RawFrontend.PATIENCE).until(() -> store.held() == 1);
        assertThat(store.seen()).endsWith(Operation.FLUSH, Operation.WRITE, Operation.FLUSH);
        assertThat(front.ring().unconsumedResponses()).isEqualTo(2);
        store.release();
        await().atMost(RawFrontend.PATIENCE).until(() -> store.held() == 1);
        assertThat(store.seen()).endsWith(Operation.READ);
        store.release();
        assertThat(List.of(
                        front.next().id(),
                        front.next().id(),
                        front.next().id(),
                        front.next().id()))
                .containsExactlyInAnyOrder(1L, 2L, 3L, 4L);
    }
}
