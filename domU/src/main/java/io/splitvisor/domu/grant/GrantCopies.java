// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.grant;

import io.splitvisor.abi.grant.GnttabCopy;
import io.splitvisor.abi.grant.GrantStatus;
import io.splitvisor.domu.memory.GuestMemory;
import io.splitvisor.hypercall.GrantTableCalls;
import io.splitvisor.hypercall.Hypercalls;
import java.util.Objects;

/**
 * Copies between granted pages and this domain's own, many in one hypercall: what a back end in a driver domain lives on.
 * Add copies, {@link #run}, look at the statuses, {@link #clear}, and begin anew. Nothing is allocated for a copy. Confined
 * to one thread at a time.
 */
public final class GrantCopies implements AutoCloseable {
    private final GuestMemory memory;
    private final Hypercalls hypercalls;
    private final int capacity;
    private final int frame;
    private final int pages;
    private int count;

    /**
     * @param capacity most copies at a time; takes {@value GnttabCopy#SIZE} bytes each of this domain's memory
     */
    public GrantCopies(GuestMemory memory, Hypercalls hypercalls, int capacity) {
        this.memory = memory;
        this.hypercalls = hypercalls;
        this.capacity = capacity;
        this.pages = (capacity * GnttabCopy.SIZE + GuestMemory.PAGE_SIZE - 1) / GuestMemory.PAGE_SIZE;
        this.frame = memory.allocate(pages);
    }

    /** Most copies at a time. */
    public int capacity() {
        return capacity;
    }

    /** Copies added. */
    public int size() {
        return count;
    }

    /**
     * Adds a copy from a granted page.
     *
     * @param domid who granted it
     * @param ref the reference
     * @param offset first byte in the granted page
     * @param address where to, guest-physical; the bytes may cross no page on either side
     * @return the copy's index
     * @throws IllegalStateException if there are as many as there can be
     */
    public int read(int domid, int ref, int offset, long address, int bytes) {
        GrantTableCalls.writeCopyFromGrant(memory.segment(), nextElement(), domid, ref, offset, address, bytes);
        return count++;
    }

    /** Adds a copy to a granted page; as {@link #read}. */
    public int write(int domid, int ref, int offset, long address, int bytes) {
        GrantTableCalls.writeCopyToGrant(memory.segment(), nextElement(), domid, ref, offset, address, bytes);
        return count++;
    }

    private long nextElement() {
        if (count == capacity) {
            throw new IllegalStateException("no room for more than " + capacity + " copies");
        }
        return element(count);
    }

    private long element(int index) {
        return GuestMemory.address(frame) + (long) index * GnttabCopy.SIZE;
    }

    /**
     * Makes the copies, in order, and waits for them. Each has a status of its own.
     *
     * @return how many failed
     * @throws IllegalStateException if the hypercall itself failed
     */
    public int run() {
        int result = count == 0 ? 0 : hypercalls.gnttabCopy(element(0), count);
        if (result < 0) {
            throw new IllegalStateException("GNTTABOP_copy failed: " + result);
        }
        int failed = 0;
        for (int i = 0; i < count; i++) {
            failed += status(i) == GrantStatus.OKAY ? 0 : 1;
        }
        return failed;
    }

    /** The GNTST status of a copy, after {@link #run}. */
    public int status(int index) {
        return GnttabCopy.status(memory.segment(), element(Objects.checkIndex(index, count)));
    }

    /** Forgets all copies. */
    public void clear() {
        count = 0;
    }

    /** Gives the memory back. */
    @Override
    public void close() {
        memory.free(frame, pages);
    }
}
