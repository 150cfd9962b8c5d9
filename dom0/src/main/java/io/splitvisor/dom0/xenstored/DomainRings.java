// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.xenstored;

/** What xenstored asks the hypervisor. Called on xenstored's thread, so quick, and never back into xenstored. */
public interface DomainRings {
    /**
     * Maps a domain's ring for an INTRODUCE that came over the wire.
     *
     * @param gfn guest frame of the interface page
     * @param port the domain's end of the event channel
     * @return null if there is no such domain, frame or port
     */
    RingPage map(int domid, long gfn, int port);

    /** Whether there is a domain of this id, introduced or not. */
    boolean exists(int domid);

    /**
     * A domain broke the protocol and is not listened to any more, or uses too much; for the log that users see. Never more
     * than one call in ten seconds for a domain.
     */
    default void misbehaved(int domid, String what) {}
}
