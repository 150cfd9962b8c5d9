// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.evtchn;

import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.evtchn.EvtchnFifoControlBlock;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.monitor.evtchn.PortState.Closed;
import io.splitvisor.monitor.evtchn.PortState.Interdomain;
import io.splitvisor.monitor.evtchn.PortState.Ipi;
import io.splitvisor.monitor.evtchn.PortState.Unbound;
import io.splitvisor.monitor.evtchn.PortState.VirtualIrq;
import java.util.function.IntFunction;

/**
 * The event channels of one domain. Operations that change a channel take one lock, shared by all domains, because a
 * channel has two ends; {@link #send} and {@link #raiseVirq} take none.
 *
 * <p>Methods answer 0 or a port, or a negative Xen errno. Ports, vCPUs and domids come from a guest: any 32 bits.
 */
public final class EventChannels {
    /** Answer of {@link #continueReset}: there is more to close. */
    public static final int RESETTING = 1;

    /** Interrupts that a host without physical ones still numbers; a guest is permitted none of them. */
    private static final int PIRQS = 256;

    private final int domid;
    private final EventDelivery delivery;
    private final int vcpus;
    private final int limit;
    private final Object lock;
    private final IntFunction<EventChannels> domains;
    private final Ports ports;
    private final VirtualIrqs virqs;
    private boolean dying;

    /** Where a reset under way goes on; 0 for none. */
    private int resetAt;

    /**
     * @param delivery how events reach the domain
     * @param vcpus number of its vCPUs
     * @param limit port numbers are below this, and below what the ABI in use allows; port 0 is never valid
     * @param lock the one lock of all event channels
     * @param domains finds another domain's channels; null if there is no such domain
     */
    public EventChannels(
            int domid, EventDelivery delivery, int vcpus, int limit, Object lock, IntFunction<EventChannels> domains) {
        this.domid = domid;
        this.delivery = delivery;
        this.vcpus = vcpus;
        this.limit = limit;
        this.lock = lock;
        this.domains = domains;
        this.ports = new Ports(limit);
        this.virqs = new VirtualIrqs(vcpus);
    }

    /** The domain these belong to. */
    public int domid() {
        return domid;
    }

    private boolean isVcpu(int vcpu) {
        return vcpu >= 0 && vcpu < vcpus;
    }

    /** With the lock: a port that can be opened, or why there is none. */
    private int freePort() {
        if (dying) {
            return -XenErrno.EINVAL;
        }
        return ports.free(delivery instanceof GuestDelivery guest ? Math.min(limit, guest.ports()) : limit, delivery);
    }

    private void open(int port, PortState state, int vcpu) {
        // A send that looked the port up before its last close may have raised it since.
        delivery.clear(ports.find(port));
        ports.open(port, state, vcpu);
    }

    /**
     * {@code EVTCHNOP_alloc_unbound}: a new port that {@code remoteDomid} may bind to.
     *
     * @return the port, or -ENOSPC when there is none left, -EINVAL for a dying domain
     */
    public int allocUnbound(int remoteDomid) {
        synchronized (lock) {
            int port = freePort();
            if (port > 0) {
                open(port, new Unbound(remoteDomid), 0);
            }
            return port;
        }
    }

    /**
     * {@code EVTCHNOP_bind_interdomain}. The new port is pending at once, because the other side may have sent before.
     *
     * @return the local port; -ESRCH for no such domain, -ENOSPC, -EINVAL for a port that is not offered to this domain, or one of
     *     a dying domain
     */
    public int bindInterdomain(int remoteDomid, int remotePort) {
        int port;
        synchronized (lock) {
            EventChannels remote = domains.apply(remoteDomid);
            if (remote == null) {
                return -XenErrno.ESRCH;
            }
            port = freePort();
            if (port < 0) {
                return port;
            }
            Port other = remote.ports.find(remotePort);
            if (remote.dying
                    || other == null
                    || !(other.state() instanceof Unbound offered)
                    || offered.remoteDomid() != domid) {
                return -XenErrno.EINVAL;
            }
            open(port, new Interdomain(remote, remotePort), 0);
            other.state(new Interdomain(this, port));
        }
        delivery.raise(ports.find(port));
        return port;
    }

    /**
     * {@code EVTCHNOP_bind_virq}.
     *
     * @return the port; -EINVAL for no such interrupt, or one that is not this vCPU's; -ENOENT for no such vCPU; -EBUSY for a
     *     global one in a domain that does not get it; -EEXIST for one that is bound; -ENOSPC
     */
    public int bindVirq(int virq, int vcpu) {
        if (!VirtualIrqs.exists(virq) || !VirtualIrqs.isPerVcpu(virq) && vcpu != 0) {
            return -XenErrno.EINVAL;
        }
        if (!isVcpu(vcpu)) {
            return -XenErrno.ENOENT;
        }
        if (VirtualIrqs.isGlobal(virq) && domid != 0) {
            return -XenErrno.EBUSY;
        }
        synchronized (lock) {
            if (virqs.port(vcpu, virq) != 0) {
                return -XenErrno.EEXIST;
            }
            int port = freePort();
            if (port > 0) {
                open(port, new VirtualIrq(virq), vcpu);
                virqs.bind(vcpu, virq, port);
            }
            return port;
        }
    }

    /** {@code EVTCHNOP_bind_pirq}: -EINVAL for no such interrupt, -EPERM for the others, which nobody may have. */
    public int bindPirq(int pirq) {
        return Integer.compareUnsigned(pirq, PIRQS) >= 0 ? -XenErrno.EINVAL : -XenErrno.EPERM;
    }

    /** {@code EVTCHNOP_bind_ipi}: the port, -ENOENT for no such vCPU, -ENOSPC. */
    public int bindIpi(int vcpu) {
        if (!isVcpu(vcpu)) {
            return -XenErrno.ENOENT;
        }
        synchronized (lock) {
            int port = freePort();
            if (port > 0) {
                open(port, Ipi.INSTANCE, vcpu);
            }
            return port;
        }
    }

    /**
     * {@code EVTCHNOP_bind_vcpu}.
     *
     * @return 0; -ENOENT for no such vCPU; -EINVAL for a port that is not open, or belongs to its vCPU
     */
    public int bindVcpu(int number, int vcpu) {
        if (!isVcpu(vcpu)) {
            return -XenErrno.ENOENT;
        }
        Port port = ports.find(number);
        if (port == null) {
            return -XenErrno.EINVAL;
        }
        synchronized (lock) {
            boolean moves =
                    switch (port.state()) {
                        case Unbound _, Interdomain _ -> true;
                        case VirtualIrq(int virq) -> !VirtualIrqs.isPerVcpu(virq);
                        case Ipi _, Closed _ -> false;
                    };
            if (!moves) {
                return -XenErrno.EINVAL;
            }
            port.vcpu(vcpu);
            return 0;
        }
    }

    /**
     * {@code EVTCHNOP_send}. An event on an unbound port is dropped, as in Xen.
     *
     * @return 0, or -EINVAL for a port that cannot send
     */
    public int send(int number) {
        Port port = ports.find(number);
        if (port == null) {
            return -XenErrno.EINVAL;
        }
        return switch (port.state()) {
            case Interdomain(EventChannels remote, int remotePort) -> {
                remote.delivery.raise(remote.ports.find(remotePort));
                yield 0;
            }
            case Ipi _ -> {
                delivery.raise(port);
                yield 0;
            }
            case Unbound _ -> 0;
            case VirtualIrq _, Closed _ -> -XenErrno.EINVAL;
        };
    }

    /**
     * Raises a virtual interrupt, if the domain has bound it. Any thread.
     *
     * @param vcpu whose it is; of no importance for one that is not per vCPU
     * @param virq a {@code VIRQ_*} number
     */
    public void raiseVirq(int vcpu, int virq) {
        int port = virqs.port(vcpu, virq);
        if (port != 0) {
            delivery.raise(ports.find(port));
        }
    }

    /**
     * {@code EVTCHNOP_close}. The other end becomes unbound again, offered to this domain.
     *
     * @return 0, or -EINVAL for a port that is not open
     */
    public int close(int number) {
        Port port = ports.find(number);
        if (port == null) {
            return -XenErrno.EINVAL;
        }
        synchronized (lock) {
            return closeLocked(port);
        }
    }

    private int closeLocked(Port port) {
        switch (port.state()) {
            case Closed _ -> {
                return -XenErrno.EINVAL;
            }
            case Interdomain(EventChannels remote, int remotePort) ->
                remote.ports.find(remotePort).state(new Unbound(domid));
            case VirtualIrq(int virq) -> virqs.unbind(port.vcpu(), virq);
            case Unbound _, Ipi _ -> {}
        }
        ports.close(port);
        delivery.clear(port);
        return 0;
    }

    /** {@code EVTCHNOP_unmask}: 0, or -EINVAL for a number that is no port. A closed port has nothing to unmask. */
    public int unmask(int number) {
        Port port = ports.find(number);
        if (port == null) {
            return -XenErrno.EINVAL;
        }
        if (!(port.state() instanceof Closed)) {
            delivery.unmask(port);
        }
        return 0;
    }

    /**
     * What a port is, for {@code EVTCHNOP_status}. The snapshot of a port that others change meanwhile is not of one moment.
     *
     * @return null for a number that is no port: ports exist from 0 to a multiple of 64 above the highest ever used
     */
    public Port port(int number) {
        return ports.find(number);
    }

    /** Ports exist below this. */
    int valid() {
        return ports.valid();
    }

    /** What a port is; closed for a number that is no port. */
    public PortState state(int number) {
        Port port = ports.find(number);
        return port == null ? Closed.INSTANCE : port.state();
    }

    /** Whether an event waits on a port, masked or not, for {@code SCHEDOP_poll}: 0 or 1, or -EINVAL if it is not open. */
    public int poll(int number) {
        Port port = ports.find(number);
        if (port == null || port.state() instanceof Closed) {
            return -XenErrno.EINVAL;
        }
        return delivery.isPending(port) ? 1 : 0;
    }

    /** Ports that are not closed. */
    public int open() {
        synchronized (lock) {
            return ports.open();
        }
    }

    /**
     * {@code EVTCHNOP_init_control}: the FIFO ABI from now on, or one more vCPU that takes part.
     *
     * @param frame the guest's number of the frame, any 64 bits
     * @return 0; -ENOENT for no such vCPU; -EINVAL for a control block that crosses the page or is not at a multiple of 8, for
     *     a frame that is no memory, for a vCPU that has one
     */
    public int initControl(int vcpu, long frame, int offset) {
        if (!isVcpu(vcpu)) {
            return -XenErrno.ENOENT;
        }
        if (Integer.compareUnsigned(offset, DomainLayout.PAGE_SIZE - EvtchnFifoControlBlock.SIZE) > 0
                || offset % Long.BYTES != 0) {
            return -XenErrno.EINVAL;
        }
        synchronized (lock) {
            if (dying || !(delivery instanceof GuestDelivery guest)) {
                return -XenErrno.EINVAL;
            }
            return guest.initControl(vcpu, frame, offset, ports);
        }
    }

    /** {@code EVTCHNOP_expand_array}: 0; -EOPNOTSUPP without the FIFO ABI, -ENOSPC, -EINVAL for a frame that is no memory. */
    public int expandArray(long frame) {
        synchronized (lock) {
            if (dying || !(delivery instanceof GuestDelivery guest)) {
                return -XenErrno.EOPNOTSUPP;
            }
            return guest.expandArray(frame, ports);
        }
    }

    /**
     * {@code EVTCHNOP_set_priority}, for events to come.
     *
     * @return 0; -ENOSYS without the FIFO ABI; -EACCES for a closed port; -EINVAL for no port or no priority
     */
    public int setPriority(int number, int priority) {
        Port port = ports.find(number);
        if (port == null) {
            return -XenErrno.EINVAL;
        }
        return delivery instanceof GuestDelivery guest ? guest.setPriority(port, priority) : -XenErrno.ENOSYS;
    }

    /** {@code EVTCHNOP_reset} begins: 0, or -EBUSY if another vCPU's is under way. Then {@link #continueReset}. */
    public int beginReset() {
        synchronized (lock) {
            if (resetAt != 0) {
                return -XenErrno.EBUSY;
            }
            resetAt = 1;
            return 0;
        }
    }

    /**
     * Closes a slice of the ports and, when there are none left, goes back to the two-level ABI.
     *
     * @return 0; {@link #RESETTING} to be called again; -EAGAIN if ports were opened meanwhile (row E11)
     */
    public int continueReset(int slice) {
        synchronized (lock) {
            Port port = ports.nextOpen(resetAt);
            for (int closed = 0; port != null && closed < slice; closed++) {
                closeLocked(port);
                resetAt = port.number() + 1;
                port = ports.nextOpen(resetAt);
            }
            if (port != null) {
                return RESETTING;
            }
            resetAt = 0;
            if (ports.open() > 0) {
                return -XenErrno.EAGAIN;
            }
            if (delivery instanceof GuestDelivery guest) {
                guest.reset();
            }
            return 0;
        }
    }

    /**
     * The domain dies: closes a slice of its ports and opens none from now on.
     *
     * @param slice how many ports to close
     * @return true when all are closed; call again otherwise (row E11: other domains get the lock in between)
     */
    public boolean destroy(int slice) {
        synchronized (lock) {
            dying = true;
            for (int closed = 0; closed < slice; closed++) {
                Port port = ports.nextOpen(1);
                if (port == null) {
                    return true;
                }
                closeLocked(port);
            }
            return ports.open() == 0;
        }
    }
}
