// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.block;

import static org.awaitility.Awaitility.await;

import io.splitvisor.abi.io.BlkifOp;
import io.splitvisor.abi.io.BlkifRequest;
import io.splitvisor.abi.io.BlkifRequestSegment;
import io.splitvisor.abi.io.BlkifResponse;
import io.splitvisor.abi.io.XenbusState;
import io.splitvisor.backend.GrantMappings;
import io.splitvisor.ring.BackRing;
import io.splitvisor.xenbus.XenbusNode;
import io.splitvisor.xenstore.Permissions;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Map;

/** A back end made by hand, which can do everything that a well-behaved one would not. One ring, one page. */
final class RawBackend {
    static final Duration PATIENCE = Duration.ofSeconds(10);

    private final BlockHost host;
    private final GuestSide guest;
    private final XenbusNode own;
    private final XenbusNode peer;
    private GrantMappings mappings;
    private MemorySegment memory;
    private BackRing ring;
    private int port;

    record Request(int operation, long id, long sector, int segments, int firstRef) {}

    RawBackend(BlockHost host, GuestSide guest, Map<String, String> features) {
        this.host = host;
        this.guest = guest;
        String front = "/local/domain/" + guest.domid() + "/device/vbd/51712";
        String back = "/local/domain/0/backend/vbd/" + guest.domid() + "/51712";
        this.own = new XenbusNode(host.store(), back);
        this.peer = new XenbusNode(host.store(), front);
        host.store().mkdir(back);
        host.store()
                .setPermissions(
                        back,
                        Permissions.of(
                                0,
                                Permissions.Access.NONE,
                                new Permissions.Entry(guest.domid(), Permissions.Access.READ)));
        own.write("online", 1);
        own.write("sectors", 2048);
        own.write("sector-size", 512);
        own.write("feature-flush-cache", 1);
        features.forEach(own::write);
        own.write("state", XenbusState.INIT_WAIT.code());
        host.store().mkdir(front);
        host.store()
                .setPermissions(
                        front,
                        Permissions.of(
                                guest.domid(),
                                Permissions.Access.NONE,
                                new Permissions.Entry(0, Permissions.Access.READ)));
        peer.write("backend", back);
        peer.write("backend-id", 0);
        peer.write("state", XenbusState.INITIALISING.code());
    }

    XenbusNode own() {
        return own;
    }

    XenbusNode peer() {
        return peer;
    }

    void awaitPeer(XenbusState state) {
        await().atMost(PATIENCE).pollInterval(Duration.ofMillis(2)).until(() -> peer.state() == state);
    }

    /** Connects as soon as the front end has offered its ring. */
    void connect() {
        awaitPeer(XenbusState.INITIALISED);
        mappings = host.domain().grants(guest.domid());
        memory = mappings.mapRing(peer.readUnsigned("ring-ref")).segment();
        ring = BackRing.init(memory, BlkifRequest.SIZE);
        port = host.monitor().dom0Events().bindInterdomain(guest.domid(), peer.readUnsigned("event-channel"));
        own.switchTo(XenbusState.CONNECTED);
    }

    /** Vanishes without a word to the front end: unmaps everything. */
    void crash() {
        mappings.close();
        host.monitor().dom0Events().close(port);
    }

    GrantMappings mappings() {
        return mappings;
    }

    MemorySegment memory() {
        return memory;
    }

    int requests() {
        return ring.unconsumedRequests();
    }

    Request take() {
        await().atMost(PATIENCE).pollInterval(Duration.ofMillis(1)).until(() -> ring.unconsumedRequests() > 0);
        MemorySegment slot = ring.takeRequest();
        return new Request(
                BlkifRequest.OPERATION.get(slot, 0),
                BlkifRequest.ID.get(slot, 0),
                BlkifRequest.SECTOR_NUMBER.get(slot, 0),
                BlkifRequest.NR_SEGMENTS.get(slot, 0),
                BlkifRequest.OPERATION.get(slot, 0) == BlkifOp.READ
                        ? BlkifRequestSegment.GREF.get(slot, BlkifRequest.SEG.at(0, 0))
                        : -1);
    }

    void respond(long id, int operation, int status) {
        MemorySegment slot = ring.claimResponse();
        BlkifResponse.ID.set(slot, 0, id);
        BlkifResponse.OPERATION.set(slot, 0, operation);
        BlkifResponse.STATUS.set(slot, 0, status);
        ring.pushResponses();
        kick();
    }

    void kick() {
        host.monitor().dom0Events().send(port);
    }
}
