// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.event;

import io.splitvisor.abi.VcpuInfo;
import io.splitvisor.abi.Virq;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.domu.memory.GuestMemory;
import io.splitvisor.hypercall.Hypercalls;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.IntConsumer;

/**
 * This domain's event channels, by either ABI. A port is masked until it has a handler; what came before that is delivered
 * then. A port's handler runs in the upcall thread of the port's vCPU, the first unless it is bound to another. Thread-safe;
 * delivery takes no lock.
 */
public final class EventChannels {
    private final MemorySegment sharedInfo;
    private final Hypercalls hypercalls;
    private final Object lock = new Object();
    private volatile EventAbi abi;

    // Replaced, never changed, with the lock held: the upcall threads read it without.
    private volatile Binding[] bindings = new Binding[Long.SIZE];
    private volatile Vcpu[] vcpus = {};
    private HeldPorts[] held = {};
    private volatile IntConsumer listener = _ -> {};
    private final LongAdder damped = new LongAdder();

    /**
     * Starts with the two-level ABI.
     *
     * @param sharedInfo the shared_info page
     * @param hypercalls of vCPU 0
     */
    public EventChannels(MemorySegment sharedInfo, Hypercalls hypercalls) {
        this.sharedInfo = sharedInfo;
        this.hypercalls = hypercalls;
        this.abi = new TwoLevelEvents(sharedInfo, this);
    }

    Hypercalls hypercalls() {
        return hypercalls;
    }

    /** Names the vCPUs that take the events, before the first port gets a handler and the first of them starts. */
    public void deliverTo(Vcpu... takers) {
        held = new HeldPorts[takers.length];
        Arrays.setAll(held, _ -> new HeldPorts());
        vcpus = takers.clone();
        for (Vcpu taker : takers) {
            VcpuInfo.upcallMaskVolatile(sharedInfo, taker.info(), false);
        }
    }

    /**
     * Changes over to the FIFO ABI: many more ports, priorities, and each event costs the same however many ports there are.
     * Before the first port gets a handler, with the vCPUs started.
     *
     * @param memory where the control blocks and event words are allocated
     * @return false if the monitor does not know it; then the two-level ABI stays
     * @throws IllegalStateException if a port has a handler
     */
    public boolean useFifo(GuestMemory memory) {
        synchronized (lock) {
            for (Binding each : bindings) {
                if (each != null) {
                    throw new IllegalStateException("a port has a handler already");
                }
            }
            FifoEvents fifo = FifoEvents.start(memory, this, vcpus);
            if (fifo != null) {
                abi = fifo;
            }
            return fifo != null;
        }
    }

    /** Whether the FIFO ABI is in use. */
    public boolean isFifo() {
        return abi instanceof FifoEvents;
    }

    /**
     * A new port that a remote domain may bind to.
     *
     * @throws EventChannelException if the monitor refuses
     */
    public int allocUnbound(int remoteDomid, EventHandler handler) {
        int port = require("alloc_unbound for domain " + remoteDomid, hypercalls.evtchnAllocUnbound(remoteDomid));
        handle(port, handler);
        return port;
    }

    /** The same with a handler that knows whether there was work. */
    public int allocUnboundDamped(int remoteDomid, DampedHandler handler) {
        int port = require("alloc_unbound for domain " + remoteDomid, hypercalls.evtchnAllocUnbound(remoteDomid));
        handleDamped(port, handler);
        return port;
    }

    private static int require(String operation, int result) {
        if (result < 0) {
            throw new EventChannelException(operation, result);
        }
        return result;
    }

    /**
     * A new port connected with one that a remote domain offers. One event comes at once, because the other side may have
     * sent some before.
     *
     * @throws EventChannelException if the monitor refuses
     */
    public int bindInterdomain(int remoteDomid, int remotePort, EventHandler handler) {
        int port = require(
                "bind_interdomain to port " + remotePort + " of " + remoteDomid,
                hypercalls.evtchnBindInterdomain(remoteDomid, remotePort));
        handle(port, handler);
        return port;
    }

    /**
     * A new port for a virtual interrupt; its handler runs on the vCPU.
     *
     * @param virq an {@link io.splitvisor.abi.Virq}
     * @throws EventChannelException if the monitor refuses
     */
    public int bindVirq(int virq, int vcpu, EventHandler handler) {
        int port = require("bind_virq " + Virq.nameOf(virq), hypercalls.evtchnBindVirq(virq, vcpu));
        bind(port, Binding.of(handler, vcpus[vcpu]));
        return port;
    }

    /**
     * A new port by which threads of this domain notify a vCPU: {@link #send} runs the handler there.
     *
     * @throws EventChannelException if the monitor refuses
     */
    public int bindIpi(int vcpu, EventHandler handler) {
        int port = require("bind_ipi to vCPU " + vcpu, hypercalls.evtchnBindIpi(vcpu));
        bind(port, Binding.of(handler, vcpus[vcpu]));
        return port;
    }

    /** Sets a port's handler, on vCPU 0, and unmasks the port; null masks it. */
    public void handle(int port, EventHandler handler) {
        bind(port, handler == null ? null : Binding.of(handler, vcpus[0]));
    }

    /** Sets a port's handler, on vCPU 0, and unmasks the port. */
    public void handleDamped(int port, DampedHandler handler) {
        bind(port, Binding.of(handler, vcpus[0]));
    }

    private void bind(int port, Binding binding) {
        requirePort(port);
        abi.prepare(port);
        if (binding == null) {
            abi.mask(port);
        }
        replace(port, binding);
        if (binding != null) {
            abi.unmask(port);
        }
    }

    private void replace(int port, Binding binding) {
        synchronized (lock) {
            Binding[] now = bindings;
            Binding[] changed = Arrays.copyOf(now, Math.max(now.length, Integer.highestOneBit(port) << 1));
            changed[port] = binding;
            bindings = changed;
        }
    }

    private Binding binding(int port) {
        Binding[] now = bindings;
        return port < now.length ? now[port] : null;
    }

    /**
     * Has another vCPU take a port's events from now on. A handler that runs already goes on.
     *
     * @throws EventChannelException if the monitor refuses, as it does for IPIs and for a vCPU's own interrupts
     */
    public void bindVcpu(int port, int vcpu) {
        requirePort(port);
        abi.mask(port);
        int result = hypercalls.evtchnBindVcpu(port, vcpu);
        Binding binding = binding(port);
        if (result == 0 && binding != null) {
            binding = binding.on(vcpus[vcpu]);
            replace(port, binding);
        }
        if (binding != null && !binding.masked()) {
            // By the monitor: what was announced to the old vCPU is announced to the new one.
            hypercalls.evtchnUnmask(port);
        }
        require("bind_vcpu " + vcpu + " of port " + port, result);
    }

    /**
     * Sets the priority of a port's events, 0 the highest, 15 the lowest, and 7 from the start. It has no effect with the
     * two-level ABI.
     *
     * @throws EventChannelException if the monitor refuses
     */
    public void setPriority(int port, int priority) {
        if (isFifo()) {
            require("set_priority of port " + port, hypercalls.evtchnSetPriority(port, priority));
        }
    }

    /** The vCPU that takes a port's events. */
    Vcpu takerOf(int port) {
        Binding binding = binding(port);
        return binding == null ? vcpus[0] : binding.vcpu();
    }

    /** From now on the port's events wait. A handler that runs already goes on. */
    public void mask(int port) {
        requirePort(port);
        Binding binding = binding(port);
        if (binding != null) {
            binding.masked(true);
        }
        abi.mask(port);
    }

    /** Lets a port's events through, one that has come meanwhile included. */
    public void unmask(int port) {
        requirePort(port);
        Binding binding = binding(port);
        if (binding != null) {
            binding.masked(false);
        }
        abi.unmask(port);
    }

    /** Whether an event waits, masked or not. */
    public boolean isPending(int port) {
        requirePort(port);
        return abi.isPending(port);
    }

    /** Takes a waiting event away without calling the handler; whether there was one. For masked ports. */
    public boolean takePending(int port) {
        requirePort(port);
        return abi.takePending(port);
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

    /** Handlers called so far. A figure for people. */
    public long upcalls() {
        long sum = 0;
        for (Vcpu vcpu : vcpus) {
            sum += vcpu.upcalls();
        }
        return sum;
    }

    /** How often a port was masked for a while, because its events had no work behind them. A figure for people. */
    public long damped() {
        return damped.sum();
    }

    /** Names somebody who hears of each upcall, by the vCPU's number, before its events; in the upcall thread. */
    public void onUpcall(IntConsumer newListener) {
        listener = newListener;
    }

    /** Upcall thread: whether there is anything to {@link #deliver}. */
    boolean isUpcallPending(Vcpu vcpu) {
        return VcpuInfo.isUpcallPendingAcquire(sharedInfo, vcpu.info()) || abi.isUnfinished(vcpu.id());
    }

    /** Upcall thread: calls the handlers of the vCPU's pending ports. */
    void deliver(Vcpu vcpu) {
        VcpuInfo.clearUpcallPendingRelease(sharedInfo, vcpu.info());
        listener.accept(vcpu.id());
        abi.deliver(vcpu, this);
    }

    /**
     * Upcall thread: a port is pending and not masked. With the two-level ABI it may be another vCPU's.
     *
     * @return false if it is another one's
     */
    boolean call(int port, Vcpu vcpu) {
        Binding binding = binding(port);
        if (binding != null && binding.vcpu() != vcpu) {
            return false;
        }
        if (binding != null && abi.takePending(port)) {
            vcpu.countUpcall();
            int millis = binding.call();
            if (millis > 0) {
                hold(port, binding, millis);
            }
        }
        return true;
    }

    private void hold(int port, Binding binding, int millis) {
        damped.increment();
        abi.mask(port);
        if (binding(port) == binding) {
            held[binding.vcpu().id()].add(port, binding, millis);
        } else {
            release(port, binding(port));
        }
    }

    /** Upcall thread: lets the events of ports through that have waited long enough. */
    void releaseHeld(Vcpu vcpu) {
        held[vcpu.id()].release(this);
    }

    /** Milliseconds until there is something to release; -1 for never. */
    int millisUntilRelease(Vcpu vcpu) {
        return held[vcpu.id()].millis();
    }

    void release(int port, Binding binding) {
        if (binding != null && binding(port) == binding && !binding.masked()) {
            abi.unmask(port);
            if (binding.masked() || binding(port) != binding) {
                mend(port);
            }
        }
    }

    /** The port got another owner, or was masked by its own, just when it was unmasked. */
    private void mend(int port) {
        Binding now = binding(port);
        if (now == null || now.masked()) {
            abi.mask(port);
        }
    }

    private void requirePort(int port) {
        if (port <= 0 || port >= abi.ports()) {
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
