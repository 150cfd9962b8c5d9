// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.grant;

import static io.splitvisor.abi.grant.GrantTable.NR_RESERVED_ENTRIES;

import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.grant.GrantEntryV1;
import io.splitvisor.abi.grant.GrantFlags;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.domu.memory.GuestMemory;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * This domain's grant table, version 1. References are taken from a free list; the first eight are Dom0's.
 *
 * <p>A grant that is in use by the other domain cannot be ended: {@link #endAccess(int, int)} puts it aside with its
 * frame, and {@link #retryDeferred} tries again, so that neither reference nor frame is used anew while somebody can still
 * reach it. Thread-safe; nothing is allocated for a grant.
 */
public final class GrantTable {
    /** No reference, and no frame. */
    public static final int NONE = -1;

    private static final int IN_USE = GrantFlags.READING | GrantFlags.WRITING;

    /** How often {@link #retryDeferred} wants to be called while there is something to retry, in milliseconds. */
    public static final int RETRY_MILLIS = 1000;

    private final GuestMemory memory;
    private final MemorySegment segment;
    private final long table;

    // The free list: next[ref] is the reference after ref. A reference in use links to itself.
    private final int[] next;
    private int head;
    private int free;

    // Grants put aside: a list through next as well, with their frames.
    private final int[] frames;
    private int deferredHead = NONE;
    private volatile int deferred;
    private final Runnable firstDeferred;

    /** The table of a domain that has just started; somebody calls {@link #retryDeferred} from time to time. */
    public GrantTable(GuestMemory memory) {
        this(memory, () -> {});
    }

    /**
     * As above.
     *
     * @param firstDeferred run when a grant is put aside and no other is
     */
    public GrantTable(GuestMemory memory, Runnable firstDeferred) {
        this.firstDeferred = firstDeferred;
        DomainLayout layout = memory.layout();
        this.memory = memory;
        this.segment = memory.segment();
        this.table = DomainLayout.bytes(layout.grantTable());
        this.next = new int[layout.grantFrames() * GrantEntryV1.PER_PAGE];
        this.frames = new int[next.length];
        for (int ref = 0; ref < NR_RESERVED_ENTRIES; ref++) {
            next[ref] = ref;
        }
        for (int ref = NR_RESERVED_ENTRIES; ref < next.length; ref++) {
            next[ref] = ref + 1;
        }
        next[next.length - 1] = NONE;
        head = NR_RESERVED_ENTRIES;
        free = next.length - NR_RESERVED_ENTRIES;
    }

    /** References that there are, reserved ones included. */
    public int size() {
        return next.length;
    }

    /** References that are free. */
    public synchronized int free() {
        return free;
    }

    /** Grants put aside because they were in use when they should have ended. */
    public int deferred() {
        return deferred;
    }

    /**
     * Takes a reference without granting anything yet.
     *
     * @return the reference, or -ENOSPC
     */
    public synchronized int reserve() {
        int ref = head;
        if (ref == NONE) {
            return -XenErrno.ENOSPC;
        }
        head = next[ref];
        next[ref] = ref;
        free--;
        return ref;
    }

    /**
     * Grants a frame by a reference that was reserved, or revoked.
     *
     * @param ref as {@link #reserve} answered
     * @param domid who may use the frame
     * @param frame the guest frame
     */
    public void grant(int ref, int domid, int frame, boolean readOnly) {
        long entry = entry(ref);
        GrantEntryV1.domid(segment, entry, domid);
        GrantEntryV1.frame(segment, entry, frame);
        // Release: who sees the flags sees whom and what they concern.
        GrantEntryV1.flagsRelease(segment, entry, GrantFlags.PERMIT_ACCESS | (readOnly ? GrantFlags.READONLY : 0));
    }

    /**
     * Grants a frame.
     *
     * @param domid who may use it
     * @return the reference, or -ENOSPC
     */
    public int grantAccess(int domid, int frame, boolean readOnly) {
        int ref = reserve();
        if (ref >= 0) {
            grant(ref, domid, frame, readOnly);
        }
        return ref;
    }

    /** Whether the other domain has the frame mapped, for reading or writing. */
    public boolean inUse(int ref) {
        return (GrantEntryV1.flagsAcquire(segment, entry(ref)) & IN_USE) != 0;
    }

    /**
     * Takes the permission back; the reference stays reserved.
     *
     * @return false, changing nothing, if the grant is in use
     */
    public boolean revoke(int ref) {
        long entry = entry(ref);
        int word = GrantEntryV1.flagsAndDomidAcquire(segment, entry);
        while (true) {
            if ((GrantEntryV1.flagsOf(word) & IN_USE) != 0) {
                return false;
            }
            // Flags and domid together, as the monitor changes them: it cannot take the grant in between.
            int found = GrantEntryV1.exchangeFlagsAndDomidVolatile(segment, entry, word, 0);
            if (found == word) {
                return true;
            }
            word = found;
        }
    }

    /** Gives a reference back that grants nothing: one that was reserved, or revoked. */
    public synchronized void release(int ref) {
        entry(ref);
        if (next[ref] != ref || ref < NR_RESERVED_ENTRIES) {
            throw new IllegalArgumentException("grant reference " + ref + " is not in use");
        }
        putFree(ref);
    }

    private void putFree(int ref) {
        next[ref] = head;
        head = ref;
        free++;
    }

    /**
     * Ends a grant and gives the reference back.
     *
     * @return false, changing nothing, if it is in use
     */
    public boolean endAccess(int ref) {
        if (!revoke(ref)) {
            return false;
        }
        release(ref);
        return true;
    }

    /**
     * Ends a grant, gives the reference back and frees the frame: now, or, if it is in use, as soon as it is not.
     *
     * @param frame the frame to free; {@link #NONE} for none
     */
    public void endAccess(int ref, int frame) {
        if (endAccess(ref)) {
            free(frame);
            return;
        }
        boolean first;
        synchronized (this) {
            frames[ref] = frame;
            next[ref] = deferredHead;
            deferredHead = ref;
            first = deferred++ == 0;
        }
        if (first) {
            firstDeferred.run();
        }
    }

    private void free(int frame) {
        if (frame != NONE) {
            memory.free(frame, 1);
        }
    }

    /** Tries once more to end what was put aside. */
    public synchronized void retryDeferred() {
        int ref = deferredHead;
        deferredHead = NONE;
        deferred = 0;
        while (ref != NONE) {
            int after = next[ref];
            if (revoke(ref)) {
                putFree(ref);
                free(frames[ref]);
            } else {
                next[ref] = deferredHead;
                deferredHead = ref;
                deferred++;
            }
            ref = after;
        }
    }

    private long entry(int ref) {
        return GrantEntryV1.entry(table, Objects.checkIndex(ref, next.length));
    }
}
