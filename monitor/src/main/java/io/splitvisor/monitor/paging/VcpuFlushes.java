// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.paging;

import io.splitvisor.abi.paging.MonitorHeader;
import java.util.function.IntConsumer;

/** What vCPUs are asked to forget, by their parts of the header and an upcall. With the paging's lock held. */
final class VcpuFlushes {
    private final MonitorMemory memory;
    private final int vcpus;
    private final PagingEvents events;

    VcpuFlushes(MonitorMemory memory, int vcpus, PagingEvents events) {
        this.memory = memory;
        this.vcpus = vcpus;
        this.events = events;
    }

    /** Everything. A bit a vCPU, from bit 0; the caller looks without being asked for an upcall. */
    void all(int caller, long mask) {
        forEach(
                caller,
                mask,
                vcpu -> memory.vcpu(vcpu, MonitorHeader.FLUSH, memory.vcpu(vcpu, MonitorHeader.FLUSH) + 1));
    }

    /** One address. */
    void address(int caller, long mask, long linear) {
        forEach(caller, mask, vcpu -> {
            memory.vcpu(vcpu, MonitorHeader.LINEAR, linear);
            memory.vcpu(vcpu, MonitorHeader.INVALIDATE, memory.vcpu(vcpu, MonitorHeader.INVALIDATE) + 1);
        });
    }

    private void forEach(int caller, long mask, IntConsumer action) {
        for (int vcpu = 0; vcpu < vcpus; vcpu++) {
            if ((mask >>> vcpu & 1) != 0) {
                action.accept(vcpu);
                if (vcpu != caller) {
                    events.upcall(vcpu);
                }
            }
        }
    }
}
