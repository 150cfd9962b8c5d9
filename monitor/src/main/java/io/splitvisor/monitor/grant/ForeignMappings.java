// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.grant;

import io.splitvisor.abi.grant.GrantStatus;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.backend.GrantException;
import io.splitvisor.backend.GrantMappings;
import io.splitvisor.host.SharedMemory;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;

/**
 * The pages of one granter that one connection of Dom0 has mapped ({@code maptrack}). Dom0 has every domain's memory
 * mapped as a whole, so that a page becomes accessible by knowing its offset. Confined to one loop.
 */
public final class ForeignMappings implements GrantMappings {
    private static final int FREE = -1;
    private static final int WRITABLE = 1 << 31;

    private final GrantTable granter;
    private final int domid;
    private final int limit;
    private final Set<Ring> rings = new HashSet<>();

    /** By handle: the reference, with {@link #WRITABLE} or'ed in; or {@link #FREE}. References are below 2^31. */
    private int[] refs = new int[64];

    private long[] offsets = new long[64];

    /** Handles given back, a stack; above {@code handles} no handle was ever given out. */
    private int[] freeHandles = new int[64];

    private int freeCount;
    private int handles;
    private int mapped;

    /**
     * @param granter whose pages
     * @param domid who maps them
     * @param limit most pages mapped at once
     */
    public ForeignMappings(GrantTable granter, int domid, int limit) {
        this.granter = granter;
        this.domid = domid;
        this.limit = limit;
    }

    @Override
    public int map(int ref, boolean writable) {
        if (mapped >= limit) {
            return GrantStatus.NO_SPACE;
        }
        long offset = granter.pin(domid, ref, writable);
        if (offset < 0) {
            return (int) offset;
        }
        int handle = freeCount > 0 ? freeHandles[--freeCount] : nextHandle();
        refs[handle] = writable ? ref | WRITABLE : ref;
        offsets[handle] = offset;
        mapped++;
        return handle;
    }

    private int nextHandle() {
        if (handles == refs.length) {
            refs = Arrays.copyOf(refs, handles * 2);
            offsets = Arrays.copyOf(offsets, handles * 2);
            freeHandles = Arrays.copyOf(freeHandles, handles * 2);
        }
        return handles++;
    }

    @Override
    public int unmap(int handle) {
        if (handle < 0 || handle >= handles || refs[handle] == FREE) {
            return GrantStatus.BAD_HANDLE;
        }
        int ref = refs[handle];
        refs[handle] = FREE;
        freeHandles[freeCount++] = handle;
        mapped--;
        granter.unpin(ref & ~WRITABLE, (ref & WRITABLE) != 0);
        return GrantStatus.OKAY;
    }

    @Override
    public MemorySegment memory() {
        return granter.memory().segment();
    }

    @Override
    public long offset(int handle) {
        return offsets[handle];
    }

    @Override
    public int mapped() {
        return mapped;
    }

    @Override
    public RingPages mapRing(int... ringRefs) {
        int[] pages = new int[ringRefs.length];
        int[] ringHandles = new int[ringRefs.length];
        for (int i = 0; i < ringRefs.length; i++) {
            ringHandles[i] = map(ringRefs[i], true);
            if (ringHandles[i] < 0) {
                unmapAll(ringHandles, i);
                throw new GrantException(ringRefs[i], ringHandles[i]);
            }
            pages[i] = (int) (offset(ringHandles[i]) / DomainLayout.PAGE_SIZE);
        }
        try {
            Ring ring = new Ring(granter.memory().shared().window(pages), ringHandles);
            rings.add(ring);
            return ring;
        } catch (RuntimeException e) {
            unmapAll(ringHandles, ringHandles.length);
            throw e;
        }
    }

    private void unmapAll(int[] some, int count) {
        for (int i = 0; i < count; i++) {
            unmap(some[i]);
        }
    }

    @Override
    public void close() {
        for (Ring ring : Set.copyOf(rings)) {
            ring.close();
        }
        for (int handle = 0; handle < handles; handle++) {
            unmap(handle);
        }
    }

    private final class Ring implements RingPages {
        private final SharedMemory.Window window;
        private final int[] ringHandles;

        private Ring(SharedMemory.Window window, int[] ringHandles) {
            this.window = window;
            this.ringHandles = ringHandles;
        }

        @Override
        public MemorySegment segment() {
            return window.segment();
        }

        @Override
        public void close() {
            if (rings.remove(this)) {
                window.close();
                unmapAll(ringHandles, ringHandles.length);
            }
        }
    }
}
