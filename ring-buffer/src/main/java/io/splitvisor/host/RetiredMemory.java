// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.host;

import java.lang.foreign.MemorySegment;
import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Addresses of shared memory that is closed. Its pages are gone at once; private zeroes are there instead, so that somebody who
 * uses a ring without checking that it is still open ({@link HostMemory#slice}) reads zeroes and writes nowhere. The
 * addresses are free for something else only when no segment of the closed memory can be reached, for whoever uses
 * the addresses keeps a segment.
 */
final class RetiredMemory extends PhantomReference<MemorySegment.Scope> {
    private static final ReferenceQueue<MemorySegment.Scope> UNREACHABLE = new ReferenceQueue<>();
    private static final Set<RetiredMemory> ALL = ConcurrentHashMap.newKeySet();

    /** Ranges that may wait for a collection that comes by itself: far fewer than the mappings that a process may have. */
    private static final int PATIENCE = 1024;

    private static volatile int collectAt = PATIENCE;

    private final long address;
    private final long bytes;

    private RetiredMemory(MemorySegment.Scope scope, long address, long bytes) {
        super(scope, UNREACHABLE);
        this.address = address;
        this.bytes = bytes;
    }

    /**
     * Takes over a range of addresses when its arena closes.
     *
     * @param scope the arena's, which all segments of the range refer to
     */
    static void retire(MemorySegment.Scope scope, long address, long bytes) {
        replace(address, bytes);
        ALL.add(new RetiredMemory(scope, address, bytes));
    }

    /**
     * In two steps, for {@code mmap} over something may fail when that is gone already, if the system counts what is promised
     * ({@code vm.overcommit_memory} 2), and leave nothing. If there is no memory to promise, the old pages stay until nobody can
     * reach them: later than could be, but no access faults, and nobody gets at them who could not before.
     */
    private static void replace(long address, long bytes) {
        try {
            long zeroes = Mapping.map(
                    0,
                    bytes,
                    Mapping.PROT_READ | Mapping.PROT_WRITE,
                    Mapping.MAP_PRIVATE | Mapping.MAP_ANONYMOUS | Mapping.MAP_NORESERVE,
                    Mapping.NO_FILE,
                    0);
            try {
                Mapping.move(zeroes, bytes, address);
            } catch (HostException e) {
                Mapping.unmap(zeroes, bytes);
            }
        } catch (HostException e) {
            assert e.errno() == Errno.ENOMEM : e;
        }
    }

    /** Unmaps what nobody can reach any more. Called with each mapping that is made or closed, in place of a thread. */
    static void sweep() {
        unmapUnreachable();
        int waiting = ALL.size();
        if (waiting >= collectAt) {
            // As direct buffers do: the heap does not know how much hangs on its little objects.
            System.gc();
            collectAt = waiting + PATIENCE;
        } else {
            collectAt = Math.min(collectAt, waiting + PATIENCE);
        }
    }

    private static void unmapUnreachable() {
        for (Object next = UNREACHABLE.poll(); next != null; next = UNREACHABLE.poll()) {
            RetiredMemory range = (RetiredMemory) next;
            ALL.remove(range);
            // SAFETY: nobody has an address of it any more.
            Mapping.unmap(range.address, range.bytes);
        }
    }
}
