// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.management;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.splitvisor.dom0.toolstack.DomainEvent;
import io.splitvisor.dom0.toolstack.ShutdownReason;
import io.splitvisor.dom0.toolstack.Toolstack;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Events to one client, one a line. It hears events from its construction on, so that a client that has seen the response's
 * head misses nothing, and sends them after {@link #open}. A client that falls far behind is disconnected.
 */
final class EventStream {
    private static final int MAX_PENDING = 1024;

    private final boolean text;
    private final AtomicInteger pending = new AtomicInteger();
    private final List<DomainEvent> early = new ArrayList<>();
    private final Toolstack.Subscription subscription;
    private Channel channel;

    EventStream(Toolstack toolstack, boolean text) {
        this.text = text;
        this.subscription = toolstack.subscribe(this::hear);
    }

    /** The response's head is on its way: events may follow it. */
    synchronized void open(Channel client) {
        channel = client;
        early.forEach(this::send);
        early.clear();
        client.closeFuture().addListener(_ -> Thread.ofVirtual().start(this::close));
    }

    void close() {
        subscription.close();
    }

    boolean text() {
        return text;
    }

    private synchronized void hear(DomainEvent event) {
        if (channel != null) {
            send(event);
        } else {
            early.add(event);
        }
    }

    private void send(DomainEvent event) {
        if (pending.incrementAndGet() > MAX_PENDING) {
            channel.close();
            return;
        }
        String line = (text ? textOf(event) : Json.line(JsonForms.event(event))) + "\n";
        var content = new DefaultHttpContent(Unpooled.copiedBuffer(line, StandardCharsets.UTF_8));
        channel.writeAndFlush(content).addListener(_ -> pending.decrementAndGet());
    }

    /** {@code shutdown DOMID REASON-CODE NAME}, {@code destroyed DOMID NAME} and so on. */
    private static String textOf(DomainEvent event) {
        return switch (event) {
            case DomainEvent.Created(int domid, String name) -> "created " + domid + " " + name;
            case DomainEvent.Shutdown(int domid, String name, ShutdownReason reason) ->
                "shutdown " + domid + " " + reason.code() + " " + name;
            case DomainEvent.Destroyed destroyed -> "destroyed " + destroyed.domid() + " " + destroyed.name();
            case DomainEvent.Renamed renamed -> "renamed " + renamed.domid() + " " + renamed.name();
        };
    }
}
