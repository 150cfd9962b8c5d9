// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.frontend;

/** A domain's grant table, as far as a front end needs it. Thread-safe; nothing is allocated for a grant. */
public interface FrontendGrants {
    /** No reference, and no frame. */
    int NONE = -1;

    /**
     * Takes a reference without granting anything yet.
     *
     * @return the reference, or a negative errno if there is none left
     */
    int reserve();

    /**
     * Grants a frame by a reference that was reserved, or revoked.
     *
     * @param ref as {@link #reserve} answered
     * @param domid who may use the frame
     * @param frame the guest frame
     */
    void grant(int ref, int domid, int frame, boolean readOnly);

    /**
     * Grants a frame.
     *
     * @param domid who may use it
     * @return the reference, or a negative errno if there is none left
     */
    default int grantAccess(int domid, int frame, boolean readOnly) {
        int ref = reserve();
        if (ref >= 0) {
            grant(ref, domid, frame, readOnly);
        }
        return ref;
    }

    /** Whether the other domain has the frame mapped, for reading or writing. */
    boolean inUse(int ref);

    /**
     * Takes the permission back; the reference stays reserved.
     *
     * @return false, changing nothing, if the grant is in use
     */
    boolean revoke(int ref);

    /** Gives a reference back that grants nothing: one that was reserved, or revoked. */
    void release(int ref);

    /**
     * Ends a grant, gives the reference back and frees the frame: now, or, if it is in use, as soon as it is not.
     *
     * @param frame the frame to free; {@link #NONE} for none
     */
    void endAccess(int ref, int frame);
}
