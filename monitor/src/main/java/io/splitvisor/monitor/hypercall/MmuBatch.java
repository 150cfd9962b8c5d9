// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.paging.PagingCounter;
import io.splitvisor.monitor.memory.GuestMemory;
import io.splitvisor.monitor.paging.RegisteredPaging;

/**
 * The list of {@code mmu_update} and {@code mmuext_op}: (list, count, done, domid). Elements are copied in, {@value #RUN} at a
 * time, and served in order up to the first that fails; those before it stay done, and their number goes to the guest (row
 * M10). What is done for an element is done with one copy of it: one that is interrupted is continued from there.
 *
 * @param size bytes of an element
 * @param calls what counts the calls
 * @param elements what counts their elements
 * @param served what is done for an element, which stands in the call's structure
 */
record MmuBatch(int size, PagingCounter calls, PagingCounter elements, Element served) {
    /** In the count: go on with what is done ({@code MMU_UPDATE_PREEMPTED}), which adds to it and changes nothing else here. */
    private static final long PREEMPTED = 1L << 31;

    /** So many elements cost as much as a simple call. */
    private static final int ELEMENTS_A_UNIT = 4;

    /** Elements that are copied at once, as many as the call's structure has room for. A power of two. */
    private static final int RUN = 32;

    // In the call's progress, above the number of elements done: an element is under way; the error that ended the
    // list.
    private static final long UNDER_WAY = 1L << 32;
    private static final int ERROR_SHIFT = 33;

    /** What is done for an element. */
    @FunctionalInterface
    interface Element {
        /**
         * Serves it, with the lock of the domain's paging held.
         *
         * @param at where it lies in the call's structure
         * @return 0, a negative errno, or {@link RegisteredPaging#RESTART}
         */
        int serve(HypercallContext call, long at, RegisteredPaging paging);
    }

    /** Serves the list, or its next slice. */
    long serve(HypercallContext call, RegisteredPaging paging) {
        GuestMemory memory = call.caller().memory();
        long list = call.word(0);
        long count = call.word(1) & PREEMPTED - 1;
        if (!call.resumed()) {
            if (!memory.isAccessible(list, count * size)) {
                return -XenErrno.EFAULT;
            }
            paging.count(calls, 1);
        }
        // One lock for a turn's elements: it costs as much as what is done for one.
        synchronized (paging.lock()) {
            return serveSlice(call, paging, count);
        }
    }

    private long serveSlice(HypercallContext call, RegisteredPaging paging, long count) {
        long done = call.progress() & PREEMPTED - 1;
        boolean underWay = (call.progress() & UNDER_WAY) != 0;
        int error = (int) (call.progress() >>> ERROR_SHIFT);
        // Elements up to this one are copied. Of those of the slice before only the one that is under way counts.
        long copied = underWay ? done + 1 : done;
        boolean moved = false;
        while (paging.settle(call)) {
            if (error != 0 || done == count) {
                return finish(call, paging, done, -error);
            }
            if (moved && call.preempt()) {
                return preempt(call, done);
            }
            long slot = (done & RUN - 1) * size;
            if (done == copied) {
                int more = copy(call, done, (int) Math.min(count - done, RUN - (done & RUN - 1)));
                if (more == 0) {
                    return finish(call, paging, done, -XenErrno.EFAULT);
                }
                copied += more;
            }
            moved = true;
            int result = served.serve(call, slot, paging);
            underWay = result == RegisteredPaging.RESTART;
            if (underWay) {
                return preempt(call, done | UNDER_WAY);
            }
            error = -result;
            done += result == 0 ? 1 : 0;
            call.spend(done % ELEMENTS_A_UNIT == 0 ? 1 : 0);
        }
        return preempt(call, done | (underWay ? UNDER_WAY : 0) | (long) error << ERROR_SHIFT);
    }

    /** Copies elements to their places; one if there is a hole among them; 0 if that is the first. */
    private int copy(HypercallContext call, long first, int most) {
        GuestMemory memory = call.caller().memory();
        long from = call.word(0) + first * size;
        long slot = (first & RUN - 1) * size;
        for (int elements = most; ; elements = 1) {
            if (memory.copyFrom(from, call.argument(), slot, (long) elements * size)) {
                return elements;
            }
            if (elements == 1) {
                return 0;
            }
        }
    }

    private static long preempt(HypercallContext call, long progress) {
        call.progress(progress);
        return HypercallContext.PREEMPTED;
    }

    /** A place for the number done that cannot be written is the guest's own affair, as in Xen. */
    private long finish(HypercallContext call, RegisteredPaging paging, long done, long result) {
        paging.count(elements, done);
        long place = call.word(2);
        GuestMemory memory = call.caller().memory();
        if (place != 0 && memory.isAccessible(place, Integer.BYTES)) {
            boolean adds = (call.word(1) & PREEMPTED) != 0;
            int before = adds ? GuestInts.read(memory, place) : 0;
            GuestInts.write(memory, place, before + (int) done);
        }
        return result;
    }
}
