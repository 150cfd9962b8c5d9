// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.paging.PagingCounter;
import io.splitvisor.monitor.memory.GuestMemory;
import io.splitvisor.monitor.paging.RegisteredPaging;

/**
 * The list of {@code mmu_update} and {@code mmuext_op}: (list, count, done, domid). Elements are copied in once each, and
 * served in order up to the first that fails; those before it stay done, and their number goes to the guest (row M10). An
 * element that is interrupted is continued from its private copy.
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

    // In the call's progress, above the number of elements done: an element is under way; the error that ended the
    // list.
    private static final long UNDER_WAY = 1L << 32;
    private static final int ERROR_SHIFT = 33;

    /** What is done for an element. */
    @FunctionalInterface
    interface Element {
        /** 0, a negative errno, or {@link RegisteredPaging#RESTART}. */
        int serve(HypercallContext call, RegisteredPaging paging);
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
        long done = call.progress() & PREEMPTED - 1;
        boolean underWay = (call.progress() & UNDER_WAY) != 0;
        int error = (int) (call.progress() >>> ERROR_SHIFT);
        boolean moved = false;
        while (paging.settle(call)) {
            if (error != 0 || done == count) {
                return finish(call, paging, done, -error);
            }
            if (moved && call.preempt()) {
                return preempt(call, done);
            }
            if (!underWay && !memory.copyFrom(list + done * size, call.argument(), size)) {
                return finish(call, paging, done, -XenErrno.EFAULT);
            }
            moved = true;
            int result = served.serve(call, paging);
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
