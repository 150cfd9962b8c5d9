// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor;

import io.splitvisor.monitor.evtchn.EventChannels;
import io.splitvisor.monitor.memory.GuestMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The ports that a vCPU polls: a private copy, which the guest cannot change while the call is under way. */
public final class PolledPorts {
    /** Most of them, as in Xen. */
    public static final int MOST = 128;

    private final int[] ports = new int[MOST];
    private final MemorySegment copy = MemorySegment.ofArray(ports);
    private int count;

    /**
     * Takes the ports of a call.
     *
     * @param address guest-physical, any 64 bits
     * @param number of ports, 0 to {@link #MOST}
     * @return false if they do not lie in the guest's RAM
     */
    public boolean copyIn(GuestMemory memory, long address, int number) {
        count = number;
        return memory.copyFrom(address, copy, (long) number * ValueLayout.JAVA_INT.byteSize());
    }

    /** In their order: 1 as soon as one is pending, a negative Xen errno as soon as one is no open port; else 0. */
    public int look(EventChannels events) {
        for (int i = 0; i < count; i++) {
            int found = events.poll(ports[i]);
            if (found != 0) {
                return found;
            }
        }
        return 0;
    }
}
