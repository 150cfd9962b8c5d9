// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.domain;

import io.splitvisor.dom0.toolstack.ToolstackException;
import io.splitvisor.dom0.toolstack.ToolstackException.Kind;
import io.splitvisor.dom0.toolstack.TraceInfo;
import io.splitvisor.dom0.trace.TraceSession;
import io.splitvisor.monitor.Domain;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;

/** The one trace that a Dom0 can have under way. Thread-safe. */
final class Traces {
    private final Collection<GuestDomain> guests;
    private TraceSession session;
    private List<Integer> domids = List.of();

    /**
     * @param guests all guests, as they are at any time
     */
    Traces(Collection<GuestDomain> guests) {
        this.guests = guests;
    }

    synchronized TraceInfo start(Path path, List<Integer> traced) {
        if (session != null) {
            throw new ToolstackException(Kind.BAD_STATE, "a trace to " + session.path() + " is under way");
        }
        try {
            session = TraceSession.start(path);
        } catch (IOException e) {
            throw new ToolstackException(Kind.TARGET, "cannot write " + path + ": " + e.getMessage(), e);
        }
        domids = List.copyOf(traced);
        guests.forEach(this::added);
        return info(session, true);
    }

    /** A domain is there: it is traced, if all are. */
    synchronized void added(GuestDomain guest) {
        Domain domain = guest.domain();
        if (session != null && (domids.isEmpty() || domids.contains(domain.domid()))) {
            domain.trace(session.domain(domain.domid(), domain.memory().layout().vcpus(), guest.traceLoop()));
        }
    }

    /** A domain has gone: nothing comes from it any more. */
    synchronized void gone(Domain domain) {
        domain.trace(null);
        if (session != null) {
            session.gone(domain.domid());
        }
    }

    synchronized TraceInfo info() {
        return info(require(), true);
    }

    synchronized TraceInfo stop() {
        TraceSession ended = require();
        guests.forEach(guest -> guest.domain().trace(null));
        session = null;
        try {
            ended.close();
        } catch (IOException e) {
            throw new ToolstackException(Kind.FAILED, "cannot finish " + ended.path() + ": " + e.getMessage(), e);
        }
        return info(ended, false);
    }

    /** Dom0 ends. */
    synchronized void close() {
        if (session != null) {
            stop();
        }
    }

    private TraceSession require() {
        if (session == null) {
            throw new ToolstackException(Kind.BAD_STATE, "no trace is under way");
        }
        return session;
    }

    private TraceInfo info(TraceSession of, boolean running) {
        return new TraceInfo(running, of.path(), domids, of.records(), of.dropped(), of.bytes(), of.failure());
    }
}
