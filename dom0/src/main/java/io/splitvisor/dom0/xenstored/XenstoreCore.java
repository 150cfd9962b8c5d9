// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.xenstored;

import io.splitvisor.dom0.log.GuestLines;
import io.splitvisor.xenstore.XsError;
import io.splitvisor.xenstore.XsMessage;
import io.splitvisor.xenstore.XsMessageType;
import io.splitvisor.xenstore.XsWire;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All of xenstored that is not input and output: the store, its clients and domains. Owned by one thread. Whoever calls in
 * ends with {@link #settle}, which sends what has been queued.
 */
final class XenstoreCore {
    private static final Logger LOG = LoggerFactory.getLogger(XenstoreCore.class);

    private final Domains domains;
    private final Watches watches = new Watches();
    private final Tree tree;
    private final Requests requests;
    private final DomainRings rings;
    private final LongSupplier nanos;
    private final Set<Client> clients = new LinkedHashSet<>();
    private final List<Client> dirty = new ArrayList<>();
    private DomainLinks links;
    private long watchSequence;

    /** @param nanos a clock that only goes forward */
    XenstoreCore(DomainRings rings, LongSupplier nanos) {
        this.rings = rings;
        this.nanos = nanos;
        this.domains = new Domains(rings::exists);
        this.tree = new Tree(domains, watches);
        watches.attach(tree);
        this.requests = new Requests(this);
    }

    /** Makes the link for a ring that was introduced over the wire. */
    void attach(DomainLinks to) {
        links = to;
    }

    Domains domains() {
        return domains;
    }

    Watches watches() {
        return watches;
    }

    Tree tree() {
        return tree;
    }

    DomainRings rings() {
        return rings;
    }

    Set<Client> clients() {
        return clients;
    }

    long nowMillis() {
        return nowNanos() / 1_000_000;
    }

    long nowNanos() {
        return nanos.getAsLong();
    }

    long nextWatch() {
        return ++watchSequence;
    }

    // Clients.

    /** A new connection that acts for the domain. */
    Client connect(DomainState domain) {
        Client client = new Client(this, domain);
        clients.add(client);
        domain.clients().add(client);
        return client;
    }

    /** The connection is gone, with all that was set up over it. */
    void disconnect(Client client) {
        if (clients.remove(client)) {
            client.reset();
            client.domain().clients().remove(client);
            client.link().close();
        }
    }

    /** Serves one request. */
    void process(Client client, XsMessage message) {
        requests.process(client, message);
    }

    void hasOutput(Client client) {
        if (client.markDirty()) {
            dirty.add(client);
        }
    }

    /** Sends what was queued since the last time. */
    void settle() {
        while (!dirty.isEmpty()) {
            Client client = dirty.removeLast();
            client.clearDirty();
            if (clients.contains(client)) {
                flush(client);
            }
        }
    }

    /** One that cannot be told anything harms itself only, whoever it was that caused the message. */
    private void flush(Client client) {
        try {
            client.link().flush();
        } catch (RuntimeException e) {
            GuestLines.error(LOG, client.domid(), "domain {}: a connection failed", client.domid(), e);
            disconnect(client);
        }
    }

    // Domains.

    /** INTRODUCE as it comes over the wire. */
    void introduce(int domid, long gfn, int port) {
        RingPage page;
        try {
            page = rings.map(domid, gfn, port);
        } catch (RuntimeException e) {
            GuestLines.warn(LOG, domid, "domain {}: cannot map its xenstore ring at frame {}", domid, gfn, e);
            throw Refusal.of(XsError.EIO);
        }
        if (page == null) {
            throw Refusal.of(XsError.EINVAL);
        }
        introduce(domid, page);
    }

    /** Talks with a domain from now on, over this page, which is reset; in place of another page if there was one. */
    void introduce(int domid, RingPage page) {
        DomainState domain = domains.add(domid);
        boolean first = !domain.isIntroduced();
        links.open(domain, page);
        if (first) {
            domain.setIntroduced(true);
            domain.setShutDown(false);
            domain.credit().start(nowMillis());
            watches.fireSpecial(NodePath.INTRODUCE_DOMAIN, domid, true, true);
        }
    }

    /** The domain stopped running, but is still there. */
    void shutDown(int domid) {
        DomainState domain = domains.find(domid);
        if (domain != null && domain.isIntroduced() && !domain.isShutDown()) {
            domain.setShutDown(true);
            watches.fireSpecial(NodePath.RELEASE_DOMAIN, domid, true, true);
        }
    }

    /** The domain is gone, or is treated so: its connections, its nodes, and every mention of it. */
    void release(int domid) {
        DomainState domain = domains.find(domid);
        if (domain == null || domid == 0) {
            return;
        }
        for (Client client : new ArrayList<>(domain.clients())) {
            disconnect(client);
        }
        for (Client client : clients) {
            client.forgetTarget(domid);
            client.forgetInTransactions(domid);
        }
        tree.forget(domid);
        links.forget(domid);
        domain.credit().stop();
        domains.remove(domid);
        if (domain.isIntroduced()) {
            watches.fireSpecial(NodePath.RELEASE_DOMAIN, domid, true, true);
        }
    }

    /** A domain did what no sound one does. */
    void misbehaved(int domid, String what) {
        rings.misbehaved(domid, what);
    }

    // Replies.

    static void reply(Client client, XsMessage request, byte[] payload) {
        DomainState domain = client.domain();
        if (payload.length > XsWire.PAYLOAD_MAX) {
            refuse(client, request, XsError.E2BIG);
        } else if (payload.length > XsWire.HEADER_SIZE * 2
                && domain.exceeds(Quota.MEMORY, domain.memory() + payload.length)) {
            refuse(client, request, XsError.ENOMEM);
        } else {
            client.outbox().reply(new XsMessage(request.type(), request.requestId(), request.transactionId(), payload));
        }
    }

    static void refuse(Client client, XsMessage request, XsError error) {
        byte[] payload = (error.name() + "\0").getBytes(StandardCharsets.US_ASCII);
        client.outbox()
                .reply(new XsMessage(
                        XsMessageType.ERROR.code(), request.requestId(), request.transactionId(), payload));
    }
}
