// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.stress.soak;

import io.splitvisor.host.EventFd;
import io.splitvisor.host.Poll;
import io.splitvisor.host.SharedMemory;
import io.splitvisor.host.UnixSocket;
import io.splitvisor.ring.ByteRing;
import io.splitvisor.ring.Doorbell;
import java.lang.foreign.MemorySegment;
import java.util.function.IntSupplier;

/**
 * What two processes share: two pages, and an eventfd for each to sleep on.
 *
 * <p>Page 0 is a Xen ring. Page 1 holds a byte ring of 1024 bytes with its indices, and the two doorbell words.
 */
final class Link implements AutoCloseable {
    /** How the one who publishes tells the one who sleeps. */
    enum Notification {
        /** Xen's event indices decide, and the eventfd stands for an event channel. */
        EVENTS,
        /** A doorbell's word decides. */
        DOORBELLS
    }

    static final int SLOT_BYTES = 112;

    private static final long BYTES = 2L * SharedMemory.PAGE_SIZE;
    private static final int BYTE_RING = 4096;
    private static final int BYTE_RING_BYTES = 1024;
    private static final int PARENTS_WORD = 4096 + 2048;
    private static final int CHILDS_WORD = 4096 + 2112;
    private static final int LONGEST_SLEEP_MILLIS = 10_000;

    private final SharedMemory memory;
    private final Notification notification;
    private final Doorbell mine;
    private final Doorbell theirs;
    private final Poll poll;
    private long sleeps;
    private long signals;

    private Link(SharedMemory memory, EventFd parents, EventFd childs, Notification notification, boolean parent) {
        this.memory = memory;
        this.notification = notification;
        Doorbell parentsBell = new Doorbell(memory.segment(), PARENTS_WORD, parents);
        Doorbell childsBell = new Doorbell(memory.segment(), CHILDS_WORD, childs);
        this.mine = parent ? parentsBell : childsBell;
        this.theirs = parent ? childsBell : parentsBell;
        this.poll = new Poll(mine.event().fd());
    }

    /** The parent's end. */
    static Link create(Notification notification) {
        return new Link(SharedMemory.create("soak", BYTES), EventFd.create(), EventFd.create(), notification, true);
    }

    /** Gives the child what it needs. */
    void handOver(UnixSocket socket) {
        socket.send(new byte[] {0}, memory.fd());
        socket.send(new byte[] {1}, mine.event().fd());
        socket.send(new byte[] {2}, theirs.event().fd());
    }

    /** The child's end. */
    static Link receive(UnixSocket socket, Notification notification) {
        socket.receive(1);
        SharedMemory memory = SharedMemory.map(socket.takeDescriptor(), BYTES, true);
        socket.receive(1);
        EventFd parents = EventFd.of(socket.takeDescriptor());
        socket.receive(1);
        EventFd childs = EventFd.of(socket.takeDescriptor());
        return new Link(memory, parents, childs, notification, false);
    }

    MemorySegment ring() {
        return memory.segment().asSlice(0, SharedMemory.PAGE_SIZE);
    }

    ByteRing byteRing() {
        return new ByteRing(
                memory.segment(),
                BYTE_RING,
                BYTE_RING_BYTES,
                BYTE_RING + BYTE_RING_BYTES,
                BYTE_RING + BYTE_RING_BYTES + 64);
    }

    /** Tells the peer what has been published; {@code wanted} is what the push said. */
    void tell(boolean wanted) {
        if (notification == Notification.DOORBELLS) {
            signals += theirs.ring() ? 1 : 0;
        } else if (wanted) {
            signals++;
            theirs.event().signal();
        }
    }

    /**
     * Sleeps until the peer says something, unless there is work at the last look.
     *
     * @param finalCheck the last look: arms the ring's event and counts what is pending
     */
    void sleepUnless(IntSupplier finalCheck) {
        mine.arm();
        boolean signalled = false;
        if (finalCheck.getAsInt() == 0) {
            sleeps++;
            signalled = poll.await(LONGEST_SLEEP_MILLIS) != 0;
            if (!signalled) {
                int pending = finalCheck.getAsInt();
                throw new AssertionError(pending != 0 ? "lost wake-up: " + pending + " pending" : "the peer is silent");
            }
        }
        mine.disarm(signalled);
    }

    /** For the report: system calls made to sleep and to wake. */
    String counts() {
        return "sleeps " + sleeps + ", signals " + signals;
    }

    @Override
    public void close() {
        poll.close();
        mine.close();
        theirs.close();
        memory.close();
    }
}
