// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.paging;

import io.splitvisor.domu.memory.GuestMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Which slots of a swap device are in use, and by how many address spaces. The memory management's lock covers it. */
final class Swap {
    private final SwapDevice device;
    private final int[] users;
    private final MemorySegment page = Arena.ofAuto().allocate(GuestMemory.PAGE_SIZE, Long.BYTES);
    private int next;

    Swap(SwapDevice device) {
        this.device = device;
        this.users = new int[device.slots()];
    }

    /** A slot with one user, or -1 if all are taken. */
    int allocate() {
        for (int i = 0; i < users.length; i++) {
            int slot = (next + i) % users.length;
            if (users[slot] == 0) {
                users[slot] = 1;
                next = slot + 1;
                return slot;
            }
        }
        return -1;
    }

    void share(int slot) {
        users[slot]++;
    }

    void release(int slot) {
        users[slot]--;
    }

    /** What was written to a slot; holds until the next read. */
    MemorySegment read(int slot) {
        device.read(slot, page);
        return page;
    }

    void write(int slot, MemorySegment content) {
        device.write(slot, content);
    }
}
