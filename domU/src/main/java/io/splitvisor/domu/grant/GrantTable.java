// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.grant;

import static io.splitvisor.abi.grant.GrantTable.NR_RESERVED_ENTRIES;

import io.splitvisor.abi.XenErrno;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.domu.memory.GuestMemory;
import io.splitvisor.frontend.FrontendGrants;
import io.splitvisor.hypercall.Hypercalls;
import java.util.Arrays;
import java.util.Objects;
import java.util.function.IntUnaryOperator;

/**
 * This domain's grant table. References are taken from a free list; the first eight are Dom0's. The table grows when they
 * are used up. It is of version 1 at first; a domain that grants parts of pages, or passes grants of others on, changes to
 * version 2 before it grants anything.
 *
 * <p>A grant that is in use by the other domain cannot be ended: {@link #endAccess(int, int)} puts it aside with its
 * frame, and {@link #retryDeferred} tries again, so that neither reference nor frame is used anew while somebody can still
 * reach it. Thread-safe; nothing is allocated for a grant.
 */
public final class GrantTable implements FrontendGrants {
    /** How often {@link #retryDeferred} wants to be called while there is something to retry, in milliseconds. */
    public static final int RETRY_MILLIS = 1000;

    private final GuestMemory memory;
    private final IntUnaryOperator setupTable;
    private final IntUnaryOperator setVersion;
    private final Runnable firstDeferred;

    private volatile GrantEntries entries;
    private int tableFrames;

    // The free list: next[ref] is the reference after ref. A reference in use links to itself.
    private volatile int[] next = {};
    private int head = NONE;
    private int free;

    // Grants put aside: a list through next as well, with their frames.
    private int[] frames = {};
    private int deferredHead = NONE;
    private volatile int deferred;

    /** The table of a domain that has just started, as large as it is; somebody calls {@link #retryDeferred} at times. */
    public GrantTable(GuestMemory memory) {
        this(memory, () -> {}, _ -> -XenErrno.ENOSYS, _ -> -XenErrno.ENOSYS);
    }

    /**
     * As above, and can grow and change its version.
     *
     * @param firstDeferred run when a grant is put aside and no other is
     */
    public GrantTable(GuestMemory memory, Runnable firstDeferred, Hypercalls hypercalls) {
        this(memory, firstDeferred, frames -> setupTable(memory, hypercalls, frames), hypercalls::gnttabSetVersion);
    }

    /**
     * As above.
     *
     * @param setupTable makes the table so many frames large: 0, or negative
     * @param setVersion changes the version: 0, or a negative errno
     */
    GrantTable(GuestMemory memory, Runnable firstDeferred, IntUnaryOperator setupTable, IntUnaryOperator setVersion) {
        this.memory = memory;
        this.firstDeferred = firstDeferred;
        this.setupTable = setupTable;
        this.setVersion = setVersion;
        DomainLayout layout = memory.layout();
        this.entries = new GrantEntries.V1(memory.segment(), DomainLayout.bytes(layout.grantTable()));
        this.tableFrames = layout.initialGrantFrames();
        addReferences();
    }

    private static int setupTable(GuestMemory memory, Hypercalls hypercalls, int frames) {
        int list;
        try {
            list = memory.allocate((frames * Long.BYTES + GuestMemory.PAGE_SIZE - 1) / GuestMemory.PAGE_SIZE);
        } catch (GuestMemory.OutOfGuestMemoryException e) {
            return -XenErrno.ENOMEM;
        }
        try {
            return hypercalls.gnttabSetupTable(frames, GuestMemory.address(list));
        } finally {
            memory.free(list, (frames * Long.BYTES + GuestMemory.PAGE_SIZE - 1) / GuestMemory.PAGE_SIZE);
        }
    }

    /** Puts the references of new frames on the free list, in order. */
    private void addReferences() {
        int known = next.length;
        int count = tableFrames * entries.perPage();
        int[] more = Arrays.copyOf(next, count);
        frames = Arrays.copyOf(frames, count);
        int first = Math.max(known, NR_RESERVED_ENTRIES);
        for (int ref = known; ref < first; ref++) {
            more[ref] = ref;
        }
        for (int ref = first; ref < count; ref++) {
            more[ref] = ref + 1;
        }
        more[count - 1] = head;
        head = first;
        free += count - first;
        next = more;
    }

    private boolean grow() {
        int most = memory.layout().grantFrames();
        int wanted = Math.min(tableFrames * 2, most);
        if (tableFrames == most || setupTable.applyAsInt(wanted) < 0) {
            return false;
        }
        tableFrames = wanted;
        addReferences();
        return true;
    }

    /** The version: 1 or 2. */
    public int version() {
        return entries instanceof GrantEntries.V1 ? 1 : 2;
    }

    /**
     * Changes to version 2, in which {@link #grantPart} and {@link #grantVia} are possible.
     *
     * @throws IllegalStateException if there are grants
     * @return 0, or a negative Xen errno: then nothing has changed
     */
    public synchronized int useVersion2() {
        if (version() == 2) {
            return 0;
        }
        if (free != next.length - NR_RESERVED_ENTRIES) {
            throw new IllegalStateException("references are in use");
        }
        int result = setVersion.applyAsInt(2);
        if (result == 0) {
            entries = GrantEntries.V2.of(memory.segment(), memory.layout());
            next = new int[0];
            head = NONE;
            free = 0;
            addReferences();
        }
        return result;
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
    @Override
    public synchronized int reserve() {
        if (head == NONE && !grow()) {
            return -XenErrno.ENOSPC;
        }
        int ref = head;
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
    @Override
    public void grant(int ref, int domid, int frame, boolean readOnly) {
        entries.grant(known(ref), domid, frame, readOnly);
    }

    /**
     * Grants a part of a frame, for copies only, by a reference that was reserved, or revoked. In version 2.
     *
     * @param offset first byte
     * @param length bytes
     */
    public void grantPart(int ref, int domid, int frame, int offset, int length, boolean readOnly) {
        Objects.checkFromIndexSize(offset, length, GuestMemory.PAGE_SIZE);
        version2().grantPart(known(ref), domid, frame, offset, length, readOnly);
    }

    /**
     * Passes on what another domain has granted to this one, for copies only, by a reference that was reserved, or revoked.
     * In version 2.
     *
     * @param domid who may use it
     * @param granterDomid whose page it is
     * @param granterRef the reference in that domain's table
     */
    public void grantVia(int ref, int domid, int granterDomid, int granterRef, boolean readOnly) {
        version2().grantVia(known(ref), domid, granterDomid, granterRef, readOnly);
    }

    private GrantEntries.V2 version2() {
        if (entries instanceof GrantEntries.V2 v2) {
            return v2;
        }
        throw new IllegalStateException("a grant table of version 1");
    }

    /** Whether the other domain has the frame mapped, for reading or writing. */
    @Override
    public boolean inUse(int ref) {
        return entries.inUse(known(ref));
    }

    /**
     * Takes the permission back; the reference stays reserved.
     *
     * @return false, changing nothing, if the grant is in use
     */
    @Override
    public boolean revoke(int ref) {
        return entries.revoke(known(ref));
    }

    /** Gives a reference back that grants nothing: one that was reserved, or revoked. */
    @Override
    public synchronized void release(int ref) {
        known(ref);
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
    @Override
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

    private int known(int ref) {
        return Objects.checkIndex(ref, next.length);
    }
}
