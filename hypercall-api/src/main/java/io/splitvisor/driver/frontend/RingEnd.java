// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.frontend;

import io.splitvisor.driver.Place;
import io.splitvisor.driver.Protocol;
import io.splitvisor.host.HostMemory;
import io.splitvisor.ring.FrontRing;
import java.lang.foreign.MemorySegment;

/**
 * A front end's view of one ring of a connection, whose requests have ids. Under the queue's lock, but for {@link #hasResponses} and
 * {@link #send}.
 */
final class RingEnd {
    private final FrontRing ring;
    private final int slotBytes;
    private final Runnable notifier;
    private final Link link;
    private final Place requestId;
    private final Place responseId;

    /** @param notifier sends an event to the back end */
    RingEnd(Protocol protocol, MemorySegment fresh, Runnable notifier, Link link) {
        this.ring = FrontRing.attach(fresh, protocol.slotSize(), 0, 0);
        this.slotBytes = protocol.slotSize();
        this.notifier = notifier;
        this.link = link;
        this.requestId = protocol.requestId().place();
        this.responseId = protocol.responseId().place();
    }

    Link link() {
        return link;
    }

    /** An empty table for the calls of this connection. */
    InFlight newTable() {
        return new InFlight(ring.slots(), responseId.size() * Byte.SIZE);
    }

    /** Writes a request into the next slot, for which there is room. */
    void put(RingCall call, InFlight table) {
        long slot = ring.claimRequestAt();
        call.putAt(slot, slotBytes, link);
        requestId.write(HostMemory.everything(), slot, table.add(call));
    }

    /** Takes calls over and writes them into the next slots, as long as there is room and they fit; how many. */
    int putAll(RingCall[] calls, int count, InFlight table, FrontQueue taker) {
        int done = 0;
        while (done < count && table.hasRoom() && calls[done].fits(link)) {
            calls[done].begin(taker);
            put(calls[done++], table);
        }
        return done;
    }

    /** Publishes what was written; whether the back end wants to be told. */
    boolean publish() {
        return ring.unpushedRequests() != 0 && ring.pushRequestsAndCheckNotify();
    }

    /** Tells the back end. Any thread. */
    void send() {
        notifier.run();
    }

    /** Whether there seem to be responses. Any thread. */
    boolean hasResponses() {
        return ring.unconsumedResponses() != 0;
    }

    /** Whether there are responses, after it has asked for an event with the next one. */
    boolean armed() {
        return ring.finalCheckForResponses() > 0;
    }

    /** Responses that can be taken, or {@link FrontRing#OVERFLOW}. */
    int pending() {
        return ring.takeableResponses();
    }

    /** Responses taken so far, and some more; wraps round. */
    int taken(int more) {
        return ring.rspCons() + more;
    }

    /** Takes the next response; answers where it is. */
    long take() {
        return ring.takeResponseAt();
    }

    long id(long response) {
        return responseId.read(HostMemory.everything(), response);
    }

    /** Gives a response to its call, if there is one, which takes its pages back; what is wrong with that, or null. */
    String give(RingCall call, long response) {
        if (call == null || !call.takeAt(response, slotBytes)) {
            return "a response to no request";
        }
        return link.persistent() || call.reclaim() ? null : "a page still mapped after the response";
    }
}
