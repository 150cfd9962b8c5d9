// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.evtchn;

import io.splitvisor.abi.Virq;
import java.util.concurrent.atomic.AtomicIntegerArray;

/** Which ports a domain has bound to its virtual interrupts. Looked up by any thread, without a lock. */
final class VirtualIrqs {
    private final AtomicIntegerArray ports;

    VirtualIrqs(int vcpus) {
        ports = new AtomicIntegerArray(vcpus * Virq.NR_VIRQS);
    }

    static boolean exists(int virq) {
        return virq >= 0 && virq < Virq.NR_VIRQS;
    }

    /** Whether each vCPU has one of its own. */
    static boolean isPerVcpu(int virq) {
        return switch (virq) {
            case Virq.TIMER, Virq.DEBUG, Virq.XENOPROF, Virq.XENPMU -> true;
            default -> false;
        };
    }

    /** Whether it tells about the whole host, so that only Dom0 gets it. */
    static boolean isGlobal(int virq) {
        return !isPerVcpu(virq) && virq != Virq.ARGO;
    }

    /** The port; 0 for none. */
    int port(int vcpu, int virq) {
        return ports.get(index(vcpu, virq));
    }

    void bind(int vcpu, int virq, int port) {
        ports.set(index(vcpu, virq), port);
    }

    /** The port is closed: whoever raises the interrupt from now on finds none. */
    void unbind(int vcpu, int virq) {
        ports.set(index(vcpu, virq), 0);
    }

    /** A global one belongs to vCPU 0, whoever takes its events. */
    private static int index(int vcpu, int virq) {
        return (isPerVcpu(virq) ? vcpu * Virq.NR_VIRQS : 0) + virq;
    }
}
