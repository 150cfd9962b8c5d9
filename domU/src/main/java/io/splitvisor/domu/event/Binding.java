// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.event;

import io.splitvisor.hypercall.SpuriousEvents;

/** Who handles a port's events, and where. */
final class Binding {
    private final EventHandler handler;
    private final DampedHandler damped;
    private final Vcpu vcpu;
    private final SpuriousEvents spurious = new SpuriousEvents();

    /** The owner masked the port: nobody else unmasks it. */
    private volatile boolean masked;

    private Binding(EventHandler handler, DampedHandler damped, Vcpu vcpu) {
        this.handler = handler;
        this.damped = damped;
        this.vcpu = vcpu;
    }

    static Binding of(EventHandler handler, Vcpu vcpu) {
        return new Binding(handler, null, vcpu);
    }

    static Binding of(DampedHandler handler, Vcpu vcpu) {
        return new Binding(null, handler, vcpu);
    }

    /** The same with another vCPU. */
    Binding on(Vcpu other) {
        Binding moved = new Binding(handler, damped, other);
        moved.masked = masked;
        return moved;
    }

    Vcpu vcpu() {
        return vcpu;
    }

    boolean masked() {
        return masked;
    }

    void masked(boolean value) {
        masked = value;
    }

    /** Calls the handler; returns for how many milliseconds the port is to be masked. */
    int call() {
        if (handler != null) {
            handler.upcall();
            return 0;
        }
        if (damped.upcall()) {
            spurious.work();
            return 0;
        }
        return spurious.spurious();
    }
}
