// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.block;

import static org.awaitility.Awaitility.await;

import io.splitvisor.abi.SharedInfo;
import io.splitvisor.abi.io.BlkifOp;
import io.splitvisor.abi.io.BlkifProtocol;
import io.splitvisor.abi.io.BlkifRequest;
import io.splitvisor.abi.io.BlkifRequestDiscard;
import io.splitvisor.abi.io.BlkifRequestIndirect;
import io.splitvisor.abi.io.BlkifRequestSegment;
import io.splitvisor.abi.io.BlkifResponse;
import io.splitvisor.abi.io.XenbusState;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.monitor.Domain;
import io.splitvisor.ring.FrontRing;
import io.splitvisor.xenbus.XenbusNode;
import io.splitvisor.xenstore.Xenstore;
import java.lang.foreign.MemorySegment;
import java.time.Duration;

/**
 * A front end made by hand, which can do everything that a well-behaved one would not. Its pages: frame {@link #RING} and
 * the following ones are the ring, {@link #DATA} and the following ones data; the grant reference of a frame is its number
 * plus 100.
 */
final class RawFrontend implements AutoCloseable {
    static final int RING = 1;
    static final int SEGMENTS = 20;
    static final int DATA = 32;
    static final int PAGES = 512;
    static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final int REF = 100;

    private final BlockHost host;
    private final Domain domain;
    private final Xenstore store;
    private final XenbusNode own;
    private final XenbusNode peer;
    private final BlkifProtocol protocol;
    private final MemorySegment request = MemorySegment.ofArray(new long[BlkifRequest.SIZE / 8]);
    private FrontRing ring;
    private int port;
    private int completed;

    record Response(long id, int operation, int status) {}

    record Segment(int gref, int first, int last) {}

    RawFrontend(BlockHost host, BlkifProtocol protocol) {
        this.host = host;
        this.protocol = protocol;
        this.domain = host.createDomain(PAGES);
        this.store = host.xenstored().connect(domain.domid());
        this.own = new XenbusNode(store, "device/vbd/" + BlockHost.XVDA);
        this.peer = new XenbusNode(store, "/local/domain/0/backend/vbd/" + domain.domid() + "/" + BlockHost.XVDA);
        for (int frame = 0; frame < PAGES; frame++) {
            domain.grants().grant(REF + frame, 0, frame);
        }
    }

    static RawFrontend attached(BlockHost host, BlockConfigFor config) {
        return attached(host, BlkifProtocol.X86_64, config);
    }

    static RawFrontend attached(BlockHost host, BlkifProtocol protocol, BlockConfigFor config) {
        RawFrontend front = host.closing(new RawFrontend(host, protocol));
        host.backend().attach(config.of(front.domid()));
        return front;
    }

    @FunctionalInterface
    interface BlockConfigFor {
        BlockConfig of(int domid);
    }

    int domid() {
        return domain.domid();
    }

    Domain domain() {
        return domain;
    }

    XenbusNode own() {
        return own;
    }

    XenbusNode peer() {
        return peer;
    }

    MemorySegment page(int frame) {
        return domain.memory().page(frame);
    }

    /** The grant reference of a frame. */
    static int ref(int frame) {
        return REF + frame;
    }

    /** Offers a ring of one page, and waits until the back end is connected. */
    RawFrontend connect(boolean persistent) {
        offer(1, persistent);
        awaitPeer(XenbusState.CONNECTED);
        own.switchTo(XenbusState.CONNECTED);
        return this;
    }

    void offer(int pages, boolean persistent) {
        ring = FrontRing.init(domain.memory().pages(RING, pages), protocol.slotSize());
        port = domain.events().allocUnbound(0);
        own.write("protocol", protocol.node());
        own.write("event-channel", port);
        own.write("feature-persistent", persistent ? 1 : 0);
        if (pages == 1) {
            own.write("ring-ref", ref(RING));
        } else {
            own.write("ring-page-order", Integer.numberOfTrailingZeros(pages));
            for (int i = 0; i < pages; i++) {
                own.write("ring-ref" + i, ref(RING + i));
            }
        }
        own.switchTo(XenbusState.INITIALISED);
    }

    void awaitPeer(XenbusState state) {
        await().atMost(PATIENCE).pollInterval(Duration.ofMillis(2)).until(() -> peer.state() == state);
    }

    FrontRing ring() {
        return ring;
    }

    int port() {
        return port;
    }

    /** Tells the back end, whatever it wants. */
    void kick() {
        domain.events().send(port);
    }

    /** Publishes what was put, and tells the back end. */
    void push() {
        ring.pushRequestsAndCheckNotify();
        kick();
    }

    /** Whether the back end has sent an event since the last look. */
    boolean takeEvent() {
        return SharedInfo.testAndClearPendingVolatile(
                page(domain.memory().layout().sharedInfo()), 0, port);
    }

    /** Puts a request of {@link BlkifRequest}'s form into the next slot. */
    private void put() {
        MemorySegment slot = ring.claimRequest();
        protocol.putRequest(request, 0, slot, 0);
        request.fill((byte) 0);
    }

    void put(int operation, long id, long sector, Segment... segments) {
        put(operation, segments.length, id, sector, segments);
    }

    void put(int operation, int count, long id, long sector, Segment... segments) {
        BlkifRequest.OPERATION.set(request, 0, operation);
        BlkifRequest.NR_SEGMENTS.set(request, 0, count);
        BlkifRequest.ID.set(request, 0, id);
        BlkifRequest.SECTOR_NUMBER.set(request, 0, sector);
        for (int i = 0; i < segments.length; i++) {
            write(request, BlkifRequest.SEG.at(0, i), segments[i]);
        }
        put();
    }

    void putDiscard(long id, int flag, long sector, long count) {
        BlkifRequestDiscard.OPERATION.set(request, 0, BlkifOp.DISCARD);
        BlkifRequestDiscard.FLAG.set(request, 0, flag);
        BlkifRequestDiscard.ID.set(request, 0, id);
        BlkifRequestDiscard.SECTOR_NUMBER.set(request, 0, sector);
        BlkifRequestDiscard.NR_SECTORS.set(request, 0, count);
        put();
    }

    void putIndirect(int kind, int count, long id, long sector, int gref) {
        BlkifRequestIndirect.OPERATION.set(request, 0, BlkifOp.INDIRECT);
        BlkifRequestIndirect.INDIRECT_OP.set(request, 0, kind);
        BlkifRequestIndirect.NR_SEGMENTS.set(request, 0, count);
        BlkifRequestIndirect.ID.set(request, 0, id);
        BlkifRequestIndirect.SECTOR_NUMBER.set(request, 0, sector);
        BlkifRequestIndirect.INDIRECT_GREFS.element().set(request, BlkifRequestIndirect.INDIRECT_GREFS.at(0, 0), gref);
        put();
    }

    /** Writes a segment into the page of segments. */
    void indirectSegment(int index, Segment segment) {
        write(page(SEGMENTS), (long) index * BlkifRequestSegment.SIZE, segment);
    }

    private static void write(MemorySegment to, long at, Segment segment) {
        BlkifRequestSegment.GREF.set(to, at, segment.gref);
        BlkifRequestSegment.FIRST_SECT.set(to, at, segment.first);
        BlkifRequestSegment.LAST_SECT.set(to, at, segment.last);
    }

    static Segment whole(int frame) {
        return new Segment(ref(frame), 0, 7);
    }

    /** Waits for the next response. */
    Response next() {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (ring.unconsumedResponses() == 0) {
            if (System.nanoTime() > end) {
                throw new AssertionError("no response");
            }
            Thread.yield();
        }
        MemorySegment slot = ring.takeResponse();
        completed++;
        return new Response(
                BlkifResponse.ID.get(slot, 0), BlkifResponse.OPERATION.get(slot, 0), BlkifResponse.STATUS.get(slot, 0));
    }

    /** Publishes one request and waits for its answer. */
    Response exchange() {
        push();
        return next();
    }

    /** Responses taken so far. */
    int completed() {
        return completed;
    }

    int state() {
        return host.backend().list(domid()).getFirst().state();
    }

    String error() {
        return host.store()
                .readIfPresent("/local/domain/0/error/backend/vbd/" + domid() + "/" + BlockHost.XVDA + "/error");
    }

    static long bytes(int frame) {
        return DomainLayout.bytes(frame);
    }

    @Override
    public void close() {
        store.close();
    }
}
