// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.memory;

import io.splitvisor.abi.XenErrno;

/**
 * What the guest has at which frame: it may put special pages, and pages of its RAM, elsewhere. Frame numbers are a
 * guest's, any 64 bits. Thread-safe.
 */
public final class Physmap {
    private final PhysicalMap map;

    Physmap(PhysicalMap map) {
        this.map = map;
    }

    /**
     * Puts a page at a frame. What was there before is given back if it is RAM, and loses its frame if it is special; where
     * the page was before becomes a hole ({@code xenmem_add_to_physmap_one}).
     *
     * @param machinePage a page that the domain has
     * @return 0, or a negative Xen error
     */
    public long put(int machinePage, long frame) {
        if (frame < 0 || frame >= PhysicalMap.FRAMES) {
            return -XenErrno.EINVAL;
        }
        synchronized (map) {
            int before = map.machine(frame);
            if (before == machinePage) {
                return 0;
            }
            if (before != PhysicalMap.NONE) {
                map.remove(frame);
            }
            return map.move(machinePage, frame) ? 0 : -XenErrno.ENOMEM;
        }
    }

    /** Puts the page of another frame at a frame; -EINVAL if there is none. */
    public long move(long from, long frame) {
        synchronized (map) {
            int machine = map.machine(from);
            return machine == PhysicalMap.NONE ? -XenErrno.EINVAL : put(machine, frame);
        }
    }

    /** Takes a page from its frame; the domain keeps it. -ENOENT for a hole. */
    public long remove(long frame) {
        return map.unhook(frame) ? 0 : -XenErrno.ENOENT;
    }
}
