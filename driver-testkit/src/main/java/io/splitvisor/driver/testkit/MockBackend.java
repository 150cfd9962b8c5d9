// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import io.splitvisor.backend.EventChannel;
import io.splitvisor.backend.GrantMappings;
import io.splitvisor.backend.RingWorker;
import io.splitvisor.driver.Protocol;
import io.splitvisor.ring.BackRing;
import java.util.ArrayList;
import java.util.List;

/**
 * A back end made by hand, which can do everything that a well-behaved one would not. By itself it does nothing, unless it
 * was told to {@link #serve}.
 */
public final class MockBackend extends MockBack {
    private static final Responder AGREES = (_, _) -> {};

    private final Protocol protocol;
    private final List<Ring> rings = new ArrayList<>();
    private Responder responder;

    /** A back end without a device. */
    public MockBackend(TestBackendDomain domain, TestGuest guest, Protocol protocol, int devid) {
        super(domain, guest, protocol, devid);
        this.protocol = protocol;
    }

    /** What it speaks. */
    public Protocol protocol() {
        return protocol;
    }

    @Override
    void use(GrantMappings connection) {
        int queues = peer().readUnsigned("multi-queue-num-queues", 1);
        for (int i = 0; i < queues; i++) {
            Ring ring = new Ring(connection, queues == 1 ? "" : "queue-" + i + '/');
            rings.add(ring);
            ring.channel = domain().bind(frontendDomid(), peer().readUnsigned(ring.prefix + protocol.portNode()), ring);
        }
    }

    @Override
    void leave() {
        for (Ring ring : rings) {
            domain().loop(frontendDomid()).forget(ring);
            ring.channel.close();
            ring.closed = true;
            ring.pages.close();
        }
        rings.clear();
    }

    /** How many rings the front end has. */
    public int queues() {
        return rings.size();
    }

    /** Answers requests as they come, from now on. */
    public void serve(Responder with) {
        responder = with;
        rings.forEach(domain().loop(frontendDomid())::wake);
    }

    @Override
    public void serve() {
        serve(AGREES);
    }

    @Override
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

    @Override
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

        private Ring(GrantMappings mappings, String prefix) {
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
                    : Message.readRequest(protocol(), ring.takeRequest(), 0);
        }

        private void put(Message response) {
            response.write(ring.claimResponse(), 0);
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
