// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.event;

import io.splitvisor.abi.SharedInfo;
import io.splitvisor.abi.VcpuInfo;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.hypercall.Hypercalls;
import java.lang.foreign.MemorySegment;

/**
 * This domain's event channels, by the two-level ABI. A port is masked until it has a handler; what came before that is
 * delivered then. Thread-safe.
 */
public final class EventChannels {
    private final MemorySegment sharedInfo;
    private final Hypercalls hypercalls;
    private final Object lock = new Object();

    // Replaced, never changed, with the lock held: the upcall thread reads it without.
    private volatile EventHandler[] handlers = new EventHandler[Long.SIZE];
    private volatile Vcpu vcpu;
    private long upcalls;

    /**
     * @param sharedInfo the shared_info page
     * @param hypercalls of vCPU 0
     */
    public EventChannels(MemorySegment sharedInfo, Hypercalls hypercalls) {
        this.sharedInfo = sharedInfo;
        this.hypercalls = hypercalls;
        for (int word = 0; word < SharedInfo.EVTCHN_WORDS; word++) {
            SharedInfo.maskWordRelease(sharedInfo, 0, word, -1L);
        }
    }

    /** Names the vCPU that takes the events, before the first port gets a handler. */
    public void deliverTo(Vcpu taker) {
        vcpu = taker;
        VcpuInfo.upcallMaskVolatile(sharedInfo, SharedInfo.vcpuInfo(0, taker.id()), false);
    }

    /**
     * A new port that a remote domain may bind to.
     *
     * @throws EventChannelException if the monitor refuses
     */
    public int allocUnbound(int remoteDomid, EventHandler handler) {
        int port = hypercalls.evtchnAllocUnbound(remoteDomid);
        if (port < 0) {
            throw new EventChannelException("alloc_unbound for domain " + remoteDomid, port);
        }
        handle(port, handler);
        return port;
    }

    /**
     * A new port connected with one that a remote domain offers. One event comes at once, because the other side may have
     * sent some before.
     *
     * @throws EventChannelException if the monitor refuses
     */
    public int bindInterdomain(int remoteDomid, int remotePort, EventHandler handler) {
        int port = hypercalls.evtchnBindInterdomain(remoteDomid, remotePort);
        if (port < 0) {
            throw new EventChannelException("bind_interdomain to port " + remotePort + " of " + remoteDomid, port);
        }
        handle(port, handler);
        return port;
    }

    /** Sets a port's handler and unmasks the port; null masks it. */
    public void handle(int port, EventHandler handler) {
        requirePort(port);
        if (handler == null) {
            mask(port);
        }
        synchronized (lock) {
            EventHandler[] now = handlers;
            EventHandler[] changed = new EventHandler[Math.max(now.length, Integer.highestOneBit(port) << 1)];
            System.arraycopy(now, 0, changed, 0, now.length);
            changed[port] = handler;
            handlers = changed;
        }
        if (handler != null) {
            unmask(port);
        }
    }

    /** From now on the port's events wait. A handler that runs already goes on. */
    public void mask(int port) {
        requirePort(port);
        SharedInfo.testAndSetMaskVolatile(sharedInfo, 0, port);
    }

    /** Lets a port's events through, one that has come meanwhile included. */
    public void unmask(int port) {
        requirePort(port);
        if (!SharedInfo.testAndClearMaskVolatile(sharedInfo, 0, port)
                || !SharedInfo.isPendingAcquire(sharedInfo, 0, port)) {
            return;
        }
        // What the monitor would do for EVTCHNOP_unmask; this domain's own page needs no hypercall.
        long info = SharedInfo.vcpuInfo(0, vcpu.id());
        if (!VcpuInfo.testAndSetPendingSelVolatile(sharedInfo, info, SharedInfo.wordOf(port))
                && !VcpuInfo.testAndSetUpcallPendingVolatile(sharedInfo, info)) {
            vcpu.wake();
        }
    }

    /** Whether an event waits, masked or not. */
    public boolean isPending(int port) {
        requirePort(port);
        return SharedInfo.isPendingAcquire(sharedInfo, 0, port);
    }

    /** Takes a waiting event away without calling the handler; whether there was one. For masked ports. */
    public boolean takePending(int port) {
        requirePort(port);
        return SharedInfo.testAndClearPendingVolatile(sharedInfo, 0, port);
    }

    /** Notifies the other end, without waiting for the hypercall. */
    public void send(int port) {
        hypercalls.ring().send(port);
    }

    /** Closes a port; its handler is not called any more, except if it runs already. */
    public void close(int port) {
        handle(port, null);
        hypercalls.evtchnClose(port);
    }

    /** Handlers called so far. A figure for people: read without order. */
    public long upcalls() {
        return upcalls;
    }

    /** Upcall thread: whether there is anything to {@link #deliver}. */
    boolean isUpcallPending(long info) {
        return VcpuInfo.isUpcallPendingAcquire(sharedInfo, info);
    }

    /**
     * Upcall thread: calls the handlers of all pending ports.
     *
     * <p>Each step clears before it looks: the flag before the selector, the selector before the words, a port's bit
     * before its handler. The monitor sets them in the opposite order, so whatever comes meanwhile is seen now or raises
     * the flag again.
     */
    void deliver(long info) {
        VcpuInfo.clearUpcallPendingVolatile(sharedInfo, info);
        long words = VcpuInfo.takePendingSelVolatile(sharedInfo, info);
        while (words != 0) {
            int word = Long.numberOfTrailingZeros(words);
            words &= words - 1;
            long ports = SharedInfo.activeWordAcquire(sharedInfo, 0, word);
            while (ports != 0) {
                int port = word * Long.SIZE + Long.numberOfTrailingZeros(ports);
                ports &= ports - 1;
                call(port);
            }
        }
    }

    private void call(int port) {
        EventHandler[] now = handlers;
        EventHandler handler = port < now.length ? now[port] : null;
        if (handler != null && SharedInfo.testAndClearPendingVolatile(sharedInfo, 0, port)) {
            upcalls++;
            handler.upcall();
        }
    }

    private static void requirePort(int port) {
        if (port <= 0 || port >= SharedInfo.EVTCHN_CHANNELS) {
            throw new IllegalArgumentException("event channel " + port);
        }
    }

    /** The monitor refused an event channel operation. */
    public static final class EventChannelException extends RuntimeException {
        private static final long serialVersionUID = 1;

        private final int errno;

        EventChannelException(String operation, int errno) {
            super("event channel " + operation + ": " + XenErrno.nameOf(errno));
            this.errno = errno;
        }

        /** The negative Xen errno. */
        public int errno() {
            return errno;
        }
    }
}
