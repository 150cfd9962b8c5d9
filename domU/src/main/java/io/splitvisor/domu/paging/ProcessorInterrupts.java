// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.paging;

import io.splitvisor.domu.event.EventChannels;
import java.util.Arrays;
import java.util.function.IntConsumer;

/** Processors interrupt each other by event channels between vCPUs, which are bound when they are first needed. */
public final class ProcessorInterrupts implements IntConsumer {
    private static final int MOST_VCPUS = 32;
    private static final int UNBOUND = -1;

    private final EventChannels events;
    private final AddressSpaces spaces;
    private final int[] ports = new int[MOST_VCPUS];

    /** Interrupts for the processors of a domain's address spaces. */
    public ProcessorInterrupts(EventChannels events, AddressSpaces spaces) {
        this.events = events;
        this.spaces = spaces;
        Arrays.fill(ports, UNBOUND);
    }

    /** Interrupts a vCPU's processor. Under the memory management's lock, so one at a time. */
    @Override
    public void accept(int vcpu) {
        if (ports[vcpu] == UNBOUND) {
            Processor target = spaces.processors()[vcpu];
            ports[vcpu] = events.bindIpi(vcpu, target::interrupt);
        }
        events.send(ports[vcpu]);
    }
}
