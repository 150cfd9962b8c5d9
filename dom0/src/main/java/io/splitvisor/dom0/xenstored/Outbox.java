// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.xenstored;

import io.splitvisor.xenstore.Payloads;
import io.splitvisor.xenstore.XsMessage;
import io.splitvisor.xenstore.XsMessageType;
import io.splitvisor.xenstore.XsWire;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;

/**
 * What a client has been told and has not taken yet. Replies are bounded, because who does not read them is not served.
 * Events are bounded: equal ones that wait become one, a watch has at most {@link #MAX_EVENTS} waiting, after which one
 * event for the watch's own path stands for them all; and a guest's events are dropped where they would exceed its memory
 * quota, or when it has not read them for {@link #EVENT_MILLIS}.
 */
final class Outbox {
    /** Events of one watch that may wait. */
    static final int MAX_EVENTS = 1024;

    /** How long a guest may leave an event unread. */
    static final long EVENT_MILLIS = 20_000;

    /** A message in the queue. */
    static final class Item {
        private final byte[] bytes;
        private final WatchEntry watch;
        private final String path;
        private final long deadline;
        private int sent;

        private Item(byte[] bytes, WatchEntry watch, String path, long deadline) {
            this.bytes = bytes;
            this.watch = watch;
            this.path = path;
            this.deadline = deadline;
        }

        byte[] bytes() {
            return bytes;
        }

        /** Bytes already on their way. */
        int sent() {
            return sent;
        }

        private boolean isEvent() {
            return watch != null;
        }
    }

    private final Client client;
    private final Deque<Item> queue = new ArrayDeque<>();
    private int timed;

    Outbox(Client client) {
        this.client = client;
    }

    /** Queues a reply. */
    void reply(XsMessage message) {
        if (client.isIgnored()) {
            return;
        }
        client.domain().addOutstanding(1);
        add(new Item(message.encode(), null, null, 0));
    }

    /**
     * Queues an event.
     *
     * @param path absolute
     */
    void event(WatchEntry watch, String path) {
        if (client.isIgnored()) {
            return;
        }
        if (watch.pending().containsKey(path)) {
            return;
        }
        String told = path;
        if (watch.pending().size() >= MAX_EVENTS) {
            forget(watch);
            told = watch.path();
        }
        byte[] payload = Payloads.strings(watch.shown(told), watch.token());
        if (payload.length > XsWire.PAYLOAD_MAX) {
            return;
        }
        DomainState domain = client.domain();
        if (domain.exceeds(Quota.MEMORY, domain.memory() + XsWire.HEADER_SIZE + payload.length)) {
            return;
        }
        long deadline = client.isPrivileged() ? 0 : client.core().nowMillis() + EVENT_MILLIS;
        Item item = new Item(
                new XsMessage(XsMessageType.WATCH_EVENT.code(), 0, 0, payload).encode(), watch, told, deadline);
        watch.pending().put(told, item);
        if (deadline != 0) {
            timed++;
        }
        add(item);
    }

    private void add(Item item) {
        queue.add(item);
        client.domain().addMemory(item.bytes.length);
        client.core().hasOutput(client);
    }

    /** The message to be sent next, or null. */
    Item head() {
        return queue.peek();
    }

    /** Some bytes of {@link #head} are on their way. */
    void advance(int count) {
        Item item = queue.peek();
        if (item.sent == 0 && count > 0) {
            forgetPending(item);
        }
        item.sent += count;
        if (item.sent == item.bytes.length) {
            queue.remove();
            release(item);
        }
    }

    /** Replies and events waiting. */
    int size() {
        return queue.size();
    }

    /** Whether events wait that will be dropped when their time has come. */
    boolean hasTimedEvents() {
        return timed > 0;
    }

    /** Drops events of guests that nobody has read for too long. */
    void expire(long nowMillis) {
        if (timed == 0) {
            return;
        }
        for (Iterator<Item> all = queue.iterator(); all.hasNext(); ) {
            Item item = all.next();
            if (item.deadline != 0 && item.sent == 0 && item.deadline - nowMillis <= 0) {
                all.remove();
                forgetPending(item);
                release(item);
            }
        }
    }

    /** A watch is gone: so are its events. */
    void forget(WatchEntry watch) {
        if (watch.pending().isEmpty()) {
            return;
        }
        for (Iterator<Item> all = queue.iterator(); all.hasNext(); ) {
            Item item = all.next();
            if (item.watch == watch && item.sent == 0) {
                all.remove();
                release(item);
            }
        }
        watch.pending().clear();
    }

    /** Drops everything, even what was sent in part. */
    void clear() {
        Item item;
        while ((item = queue.poll()) != null) {
            forgetPending(item);
            release(item);
        }
    }

    private void forgetPending(Item item) {
        if (item.isEvent() && item.watch.pending().get(item.path) == item) {
            item.watch.pending().remove(item.path);
        }
    }

    private void release(Item item) {
        if (item.deadline != 0) {
            timed--;
        }
        if (!item.isEvent()) {
            client.domain().addOutstanding(-1);
        }
        client.domain().addMemory(-item.bytes.length);
    }
}
