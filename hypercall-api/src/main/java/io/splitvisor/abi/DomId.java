// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

/** Domain ids: 0 is Dom0, those from {@link #FIRST_RESERVED} on have special meanings (xen.h, {@code DOMID_*}). */
public final class DomId {
    /** Ids below this name a domain. */
    public static final int FIRST_RESERVED = 32752;
    /** The domain that makes the hypercall. */
    public static final int SELF = 32752;
    /** Owner of I/O memory, in page-table updates. */
    public static final int IO = 32753;
    /** Owner of Xen's own pages shared with Dom0. */
    public static final int XEN = 32754;
    /** Owner of shared copy-on-write pages. */
    public static final int COW = 32755;
    /** No domain. */
    public static final int INVALID = 32756;
    /** The idle domain. */
    public static final int IDLE = 32767;
    /** Bits of a domain id. */
    public static final int MASK = 32767;

    private DomId() {}

    /** Whether this is the id of a domain that can exist, Dom0 included, and no special one. */
    public static boolean isOrdinary(int domid) {
        return domid >= 0 && domid < FIRST_RESERVED;
    }
}
