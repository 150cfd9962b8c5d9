// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.grant;

import io.splitvisor.abi.grant.GrantMapFlags;
import io.splitvisor.abi.grant.GrantStatus;
import java.util.Arrays;

/**
 * The pages that a domain has mapped by hypercall, by handle ({@code struct grant_mapping}).
 *
 * <p>A mapping is for the host, for devices, or for both, and each of the two is a use of the grant of its own, which ends
 * by itself. The last one gives the handle back. Thread-safe: of several that unmap the same, one succeeds (row G6).
 */
public final class Maptrack {
    /** Most mappings at a time: what Xen's default of 1024 frames holds. */
    public static final int LIMIT = 1024 * 256;

    private static final int NO_FLAGS = 0;
    private static final int KINDS = GrantMapFlags.HOST_MAP | GrantMapFlags.DEVICE_MAP;

    private final int limit;

    // By handle. Those without flags are free.
    private int[] flags = {};
    private GrantTable[] granters = {};
    private int[] refs = {};
    private long[] hostAddresses = {};
    private long[] offsets = {};

    /** Handles given back, a stack; above {@code handles} no handle was ever given out. */
    private int[] freeHandles = {};

    private int freeCount;
    private int handles;

    /** Room for {@link #LIMIT} mappings. */
    public Maptrack() {
        this(LIMIT);
    }

    /** As above, with another limit. */
    Maptrack(int limit) {
        this.limit = limit;
    }

    /** Mappings now. */
    public synchronized int mapped() {
        return handles - freeCount;
    }

    /**
     * Maps a page.
     *
     * @param granter whose page
     * @param domid who maps it
     * @param ref any 32 bits
     * @param mapFlags {@link GrantMapFlags}, of which one kind at least
     * @param hostAddress where the page is for the host; kept, and compared when it is unmapped
     * @return a handle; or a negative GNTST status
     */
    public synchronized int map(GrantTable granter, int domid, int ref, int mapFlags, long hostAddress) {
        if (freeCount == 0 && handles == limit) {
            return GrantStatus.NO_SPACE;
        }
        boolean writable = isWritable(mapFlags);
        long offset = granter.pin(domid, ref, writable);
        if (offset < 0) {
            return (int) offset;
        }
        if ((mapFlags & KINDS) == KINDS) {
            long again = granter.pin(domid, ref, writable);
            if (again < 0) {
                granter.unpin(ref, writable);
                return (int) again;
            }
        }
        int handle = freeCount > 0 ? freeHandles[--freeCount] : nextHandle();
        flags[handle] = mapFlags;
        granters[handle] = granter;
        refs[handle] = ref;
        hostAddresses[handle] = hostAddress;
        offsets[handle] = offset;
        return handle;
    }

    private static boolean isWritable(int mapFlags) {
        return (mapFlags & GrantMapFlags.READONLY) == 0;
    }

    private int nextHandle() {
        if (handles == flags.length) {
            int room = Math.min(Math.max(16, handles * 2), limit);
            flags = Arrays.copyOf(flags, room);
            granters = Arrays.copyOf(granters, room);
            refs = Arrays.copyOf(refs, room);
            hostAddresses = Arrays.copyOf(hostAddresses, room);
            offsets = Arrays.copyOf(offsets, room);
            freeHandles = Arrays.copyOf(freeHandles, room);
        }
        return handles++;
    }

    /** Where the page of a handle starts in the memory of the domain that granted it: its address for devices. */
    public synchronized long offset(int handle) {
        return offsets[handle];
    }

    /**
     * Unmaps a page: for the host, for devices, or for both. An address of 0 leaves that kind of mapping as it is.
     *
     * @param handle any 32 bits
     * @param hostAddress as mapped, or 0
     * @param deviceAddress as {@link #offset} answered, or 0
     * @return a GNTST status; unless it is 0 nothing has changed
     */
    public synchronized int unmap(int handle, long hostAddress, long deviceAddress) {
        if (handle < 0 || handle >= handles || flags[handle] == NO_FLAGS) {
            return GrantStatus.BAD_HANDLE;
        }
        boolean device = deviceAddress != 0 && (flags[handle] & GrantMapFlags.DEVICE_MAP) != 0;
        boolean host = hostAddress != 0 && (flags[handle] & GrantMapFlags.HOST_MAP) != 0;
        if (device && deviceAddress != offsets[handle]) {
            return GrantStatus.BAD_DEV_ADDR;
        }
        if (host && hostAddress != hostAddresses[handle]) {
            // Something else is mapped there by now.
            return GrantStatus.GENERAL_ERROR;
        }
        end(handle, (host ? GrantMapFlags.HOST_MAP : 0) | (device ? GrantMapFlags.DEVICE_MAP : 0));
        return GrantStatus.OKAY;
    }

    /** Whether an unmapping with this address would end a mapping for the host. */
    public synchronized boolean isMappedForHost(int handle, long hostAddress) {
        return handle >= 0 && handle < handles && hostAddress != 0 && (flags[handle] & GrantMapFlags.HOST_MAP) != 0;
    }

    /** Ends a mapping that was just made, altogether. */
    public synchronized void discard(int handle) {
        end(handle, flags[handle] & KINDS);
    }

    private void end(int handle, int kinds) {
        boolean writable = isWritable(flags[handle]);
        for (int uses = Integer.bitCount(kinds); uses > 0; uses--) {
            granters[handle].unpin(refs[handle], writable);
        }
        flags[handle] &= ~kinds;
        if ((flags[handle] & KINDS) == 0) {
            flags[handle] = NO_FLAGS;
            granters[handle] = null;
            freeHandles[freeCount++] = handle;
        }
    }

    /**
     * The domain dies: ends its mappings, so many at a time, so that others get the lock in between (row G21).
     *
     * @return whether none is left
     */
    public synchronized boolean release(int slice) {
        int left = slice;
        while (handles > 0) {
            if (left-- == 0) {
                return false;
            }
            int handle = handles - 1;
            if (flags[handle] != NO_FLAGS) {
                end(handle, flags[handle] & KINDS);
            }
            // Handles are looked for below this one from now on.
            handles--;
            freeCount = 0;
        }
        return true;
    }
}
