// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.evtchn;

import io.splitvisor.abi.XenErrno;
import io.splitvisor.monitor.evtchn.PortState.Closed;
import io.splitvisor.monitor.evtchn.PortState.Interdomain;
import io.splitvisor.monitor.evtchn.PortState.Unbound;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.IntFunction;

/**
 * The event channels of one domain. Operations that change a channel take one lock, shared by all domains, because a
 * channel has two ends; {@link #send} takes none.
 *
 * <p>Methods answer 0 or a port, or a negative Xen errno. Ports and domids come from a guest: any 32 bits.
 */
public final class EventChannels {
    private static final int SELF_PORTS_RESERVED = 1;

    private final int domid;
    private final EventDelivery delivery;
    private final AtomicReferenceArray<PortState> ports;
    private final Object lock;
    private final IntFunction<EventChannels> domains;

    /** No port below this is free: where the search for one starts. */
    private int firstFree = SELF_PORTS_RESERVED;

    private final ConcurrentHashMap<Integer, Integer> virqs = new ConcurrentHashMap<>();
    private boolean dying;

    /**
     * @param delivery how events reach the domain
     * @param limit number of ports, port 0 (never valid) included
     * @param lock the one lock of all event channels
     * @param domains finds another domain's channels; null if there is no such domain
     */
    public EventChannels(
            int domid, EventDelivery delivery, int limit, Object lock, IntFunction<EventChannels> domains) {
        this.domid = domid;
        this.delivery = delivery;
        this.ports = new AtomicReferenceArray<>(limit);
        this.lock = lock;
        this.domains = domains;
        for (int i = 0; i < limit; i++) {
            ports.setPlain(i, Closed.INSTANCE);
        }
    }

    /** The domain these belong to. */
    public int domid() {
        return domid;
    }

    /**
     * {@code EVTCHNOP_alloc_unbound}: a new port that {@code remoteDomid} may bind to.
     *
     * @return the port, or -ENOSPC when there is none left, -ESRCH for a dying domain
     */
    public int allocUnbound(int remoteDomid) {
        synchronized (lock) {
            int port = freePort();
            if (port > 0) {
                ports.set(port, new Unbound(remoteDomid));
            }
            return port;
        }
    }

    /**
     * {@code EVTCHNOP_bind_interdomain}. The new port is pending at once, because the other side may have sent before.
     *
     * @return the local port; -ESRCH for no such domain, -EINVAL for a port that is not offered to this domain, -ENOSPC
     */
    public int bindInterdomain(int remoteDomid, int remotePort) {
        int port;
        synchronized (lock) {
            EventChannels remote = domains.apply(remoteDomid);
            if (remote == null || remote.dying) {
                return -XenErrno.ESRCH;
            }
            if (!(remote.state(remotePort) instanceof Unbound offered) || offered.remoteDomid() != domid) {
                return -XenErrno.EINVAL;
            }
            port = freePort();
            if (port < 0) {
                return port;
            }
            ports.set(port, new Interdomain(remote, remotePort));
            remote.ports.set(remotePort, new Interdomain(this, port));
        }
        delivery.raise(port);
        return port;
    }

    /**
     * {@code EVTCHNOP_send}. An event on an unbound port is dropped, as in Xen.
     *
     * @return 0, or -EINVAL for a port that cannot send
     */
    public int send(int port) {
        return switch (state(port)) {
            case Interdomain(EventChannels remote, int remotePort) -> {
                remote.delivery.raise(remotePort);
                yield 0;
            }
            case Unbound _ -> 0;
            case Closed _ -> -XenErrno.EINVAL;
        };
    }

    /**
     * {@code EVTCHNOP_close}. The other end becomes unbound again, offered to this domain.
     *
     * @return 0, or -EINVAL for a port that is not open
     */
    public int close(int port) {
        synchronized (lock) {
            return closeLocked(port);
        }
    }

    private int closeLocked(int port) {
        PortState state = state(port);
        if (state instanceof Closed) {
            return -XenErrno.EINVAL;
        }
        if (state instanceof Interdomain(EventChannels remote, int remotePort)) {
            remote.ports.set(remotePort, new Unbound(domid));
        }
        ports.set(port, Closed.INSTANCE);
        delivery.clear(port);
        firstFree = Math.min(firstFree, port);
        return 0;
    }

    /** {@code EVTCHNOP_unmask}: 0, or -EINVAL for a number that is no port. A closed port has nothing to unmask. */
    public int unmask(int port) {
        if (!isPort(port)) {
            return -XenErrno.EINVAL;
        }
        if (!(state(port) instanceof Closed)) {
            delivery.unmask(port);
        }
        return 0;
    }

    /** A port for a virtual interrupt of a vCPU, in place of one bound before; or -ENOSPC, -ESRCH. */
    public int bindVirq(int vcpu, int virq) {
        synchronized (lock) {
            int port = freePort();
            if (port > 0) {
                ports.set(port, new Unbound(domid));
                virqs.put(vcpu << Byte.SIZE | virq, port);
            }
            return port;
        }
    }

    /** Sends a virtual interrupt to a vCPU, which may have no port for it. Any thread. */
    public void raiseVirq(int vcpu, int virq) {
        Integer port = virqs.get(vcpu << Byte.SIZE | virq);
        if (port != null) {
            delivery.raise(port);
        }
    }

    /** Whether an event waits on a port, masked or not, for {@code SCHEDOP_poll}: 0 or 1, or -EINVAL if it is not open. */
    public int poll(int port) {
        if (state(port) instanceof Closed) {
            return -XenErrno.EINVAL;
        }
        return delivery.isPending(port) ? 1 : 0;
    }

    /** What a port is; closed for numbers out of range. */
    public PortState state(int port) {
        return port > 0 && port < ports.length() ? ports.get(port) : Closed.INSTANCE;
    }

    /** Whether a number may name a port at all: {@code EVTCHNOP_status} refuses others. */
    public boolean isPort(int port) {
        return port >= 0 && port < ports.length();
    }

    /** Ports that are not closed. */
    public int open() {
        int count = 0;
        for (int port = 0; port < ports.length(); port++) {
            if (!(ports.get(port) instanceof Closed)) {
                count++;
            }
        }
        return count;
    }

    /**
     * The domain dies: closes a slice of its ports and opens none from now on.
     *
     * @param slice how many ports to look at
     * @return true when all are closed; call again otherwise (row E11: other domains get the lock in between)
     */
    public boolean destroy(int slice) {
        synchronized (lock) {
            dying = true;
            int looked = 0;
            while (destroyed < ports.length() && looked < slice) {
                closeLocked(destroyed++);
                looked++;
            }
            return destroyed == ports.length();
        }
    }

    private int destroyed;

    private int freePort() {
        if (dying) {
            return -XenErrno.ESRCH;
        }
        for (int port = firstFree; port < ports.length(); port++) {
            if (ports.get(port) instanceof Closed) {
                firstFree = port + 1;
                // A send that looked the port up before its last close may have raised it since.
                delivery.clear(port);
                return port;
            }
        }
        firstFree = ports.length();
        return -XenErrno.ENOSPC;
    }
}
