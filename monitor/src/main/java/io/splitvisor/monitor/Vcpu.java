// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor;

import io.splitvisor.abi.VcpuInfo;
import io.splitvisor.ring.Doorbell;
import java.lang.foreign.MemorySegment;

/** A virtual processor as the monitor knows it: where its vcpu_info lies, and the bell that wakes it. */
public final class Vcpu {
    private final int id;
    private final Doorbell bell;
    private volatile Info info;

    /**
     * Where a vcpu_info lies. Immutable, so that a sender that looks it up without a lock sees one place or the other.
     *
     * @param memory memory of the guest
     * @param at offset of the structure in it
     */
    public record Info(MemorySegment memory, long at) {}

    /** A vCPU with its bell, and its vcpu_info in its first place. */
    public Vcpu(int id, Doorbell bell, Info info) {
        this.id = id;
        this.bell = bell;
        this.info = info;
    }

    /** Its number in the domain, from 0. */
    public int id() {
        return id;
    }

    /** Wakes it if it sleeps. */
    public Doorbell bell() {
        return bell;
    }

    /** Where its vcpu_info lies now: in shared_info, until the guest moves it. */
    public Info info() {
        return info;
    }

    /** Asks for an upcall, and wakes it if it was not asked before. Any thread. */
    public void upcall() {
        Info place = info;
        if (!VcpuInfo.testAndSetUpcallPendingVolatile(place.memory(), place.at())) {
            bell.ring();
        }
    }
}
