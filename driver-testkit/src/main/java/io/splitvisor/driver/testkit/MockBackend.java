// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import io.splitvisor.abi.io.XenbusState;
import io.splitvisor.backend.EventChannel;
import io.splitvisor.backend.GrantMappings;
import io.splitvisor.backend.RingWorker;
import io.splitvisor.driver.Protocol;
import io.splitvisor.ring.BackRing;
import io.splitvisor.xenstore.Permissions;
import io.splitvisor.xenstore.Permissions.Access;
import java.util.ArrayList;
import java.util.List;

/**
 * A back end made by hand, which can do everything that a well-behaved one would not. By itself it does nothing, unless it
 * was told to {@link #serve}.
 */
public final class MockBackend extends MockPeer {
    private final TestBackendDomain domain;
    private final int frontendDomid;
    private final List<Ring> rings = new ArrayList<>();
    private GrantMappings mappings;
    private Responder responder;

    /** A back end without a device. */
    public MockBackend(TestBackendDomain domain, TestGuest guest, Protocol protocol, int devid) {
        super(
                protocol,
                domain.store(),
                backFolder(protocol, guest.domid(), devid),
                frontFolder(protocol, guest.domid(), devid));
        this.domain = domain;
        this.frontendDomid = guest.domid();
    }

    /** Makes both ends' folders, as a toolstack does, says everything that is declared, and goes to InitWait. */
    public void attach() {
        folder(peer().path(), frontendDomid, 0);
        folder(own().path(), 0, frontendDomid);
        peer().write("backend", own().path());
        peer().write("backend-id", 0);
        peer().write("state", XenbusState.INITIALISING.code());
        write("frontend", peer().path());
        write("frontend-id", frontendDomid);
        write("online", 1);
        if (protocol().ringPageOrder() > 0) {
            write("max-ring-page-order", protocol().ringPageOrder());
        }
        if (protocol().queues() > 1) {
            write("multi-queue-max-queues", protocol().queues());
        }
        writeFeatures("versions", true);
        state(XenbusState.INIT_WAIT);
    }

    private void folder(String path, int owner, int reader) {
        store().mkdir(path);
        store().rm(path);
        store().mkdir(path);
        store().setPermissions(path, Permissions.of(owner, Access.NONE, new Permissions.Entry(reader, Access.READ)));
    }

    /** Takes the device away, as a toolstack does. */
    public void detach() {
        store().rm(own().path());
        store().rm(peer().path());
    }

    /** Maps what the front end offers and binds its ports, without looking whether that makes sense, and goes to Connected. */
    public void connect() {
        mapRings();
        state(XenbusState.CONNECTED);
    }

    /** The same without a word. */
    public void mapRings() {
        mappings = domain.grants(frontendDomid);
        int queues = peer().readUnsigned("multi-queue-num-queues", 1);
        for (int i = 0; i < queues; i++) {
            Ring ring = new Ring(queues == 1 ? "" : "queue-" + i + '/');
            rings.add(ring);
            ring.channel = domain.bind(frontendDomid, peer().readUnsigned(ring.prefix + "event-channel"), ring);
        }
    }

    /** Unmaps everything and closes the ports, without a word. */
    public void disconnect() {
        for (Ring ring : rings) {
            domain.loop(frontendDomid).forget(ring);
            ring.channel.close();
            ring.closed = true;
            ring.pages.close();
        }
        rings.clear();
        if (mappings != null) {
            mappings.close();
            mappings = null;
        }
    }

    /** Pages of the front end; null without a connection. */
    public GrantMappings mappings() {
        return mappings;
    }

    /** How many rings the front end has. */
    public int queues() {
        return rings.size();
    }

    /** Answers requests as they come, from now on. */
    public void serve(Responder with) {
        responder = with;
        rings.forEach(domain.loop(frontendDomid)::wake);
    }

    /** Answers no more by itself. */
    public void hold() {
        responder = null;
    }

    /** The next request of any ring; null if there is none. */
    public Message request() {
        for (Ring ring : rings) {
            Message request = ring.take();
            if (request != null) {
                return request;
            }
        }
        return null;
    }

    /** The response that a request should get. */
    public Message responseTo(Message request) {
        Message response = Message.zeroed(protocol().response());
        response.set(protocol().responseId(), request.get(protocol().requestId()));
        for (Protocol.Echo echo : protocol().echoes()) {
            response.set(echo.response(), request.get(echo.request()));
        }
        protocol().status().ifPresent(status -> response.set(status.field(), status.okay()));
        return response;
    }

    /** Sends a response on the first ring, and an event, whatever the front end wants. */
    public void respond(Message response) {
        rings.getFirst().put(response);
        rings.getFirst().ring.pushResponses();
        kick();
    }

    /** Sets the producer index that the front end sees, to anything. */
    public void publish(int producer) {
        RingIndices.produced(rings.getFirst().pages.segment(), End.BACK, producer);
    }

    /** Sends an event to each of the front end's rings. */
    public void kick() {
        rings.forEach(ring -> ring.channel.send());
    }

    /** A ring of the front end. */
    private final class Ring implements RingWorker {
        private final String prefix;
        private final GrantMappings.RingPages pages;
        private final BackRing ring;
        private EventChannel channel;

        /** An event that was on its way may still wake it. */
        private boolean closed;

        private Ring(String prefix) {
            this.prefix = prefix;
            this.pages = mappings.mapRing(refs());
            this.ring = BackRing.init(pages.segment(), protocol().slotSize());
        }

        private int[] refs() {
            if (peer().read("ring-page-order") == null) {
                return new int[] {peer().readUnsigned(prefix + "ring-ref")};
            }
            int[] refs = new int[1 << peer().readUnsigned("ring-page-order")];
            for (int i = 0; i < refs.length; i++) {
                refs[i] = peer().readUnsigned(prefix + "ring-ref" + i);
            }
            return refs;
        }

        private Message take() {
            return closed || ring.takeableRequests() <= 0
                    ? null
                    : Message.readRequest(protocol(), pages.segment(), ring.takeRequest());
        }

        private void put(Message response) {
            response.write(pages.segment(), ring.claimResponse());
        }

        @Override
        public int serve() {
            int served = 0;
            Message request;
            while (responder != null && (request = take()) != null) {
                Message response = responseTo(request);
                responder.answer(request, response);
                put(response);
                served++;
            }
            if (served > 0 && ring.pushResponsesAndCheckNotify()) {
                channel.send();
            }
            return served;
        }

        @Override
        public boolean arm() {
            return responder != null && !closed && !ring.requestOverflow() && ring.finalCheckForRequests() > 0;
        }

        @Override
        public void failed(RuntimeException cause) {
            throw new AssertionError("the mock's responder failed", cause);
        }
    }
}
