// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.toolstack;

import java.util.Optional;

/** Something that happened to a domain. Events of one domain come in order. */
public sealed interface DomainEvent {
    /** The domain. */
    int domid();

    /** Its name when it happened. */
    String name();

    /**
     * The domain is there and its console can be opened.
     *
     * @param domid the domain
     * @param name its name
     */
    record Created(int domid, String name) implements DomainEvent {}

    /**
     * The domain shut down, by itself or on request. What its configuration says happens next.
     *
     * @param domid the domain
     * @param name its name
     * @param reason why
     */
    record Shutdown(int domid, String name, ShutdownReason reason) implements DomainEvent {}

    /**
     * The domain is gone, and everything that it held is free again.
     *
     * @param domid the domain
     * @param name its name
     * @param reason why it had shut down; absent if it was destroyed before it did
     * @param restarted the domain that took its place, absent if none did; that one's {@link Created} came before
     */
    record Destroyed(int domid, String name, Optional<ShutdownReason> reason, Optional<Integer> restarted)
            implements DomainEvent {}

    /**
     * The domain has another name.
     *
     * @param domid the domain
     * @param name the new name
     * @param before the old name
     */
    record Renamed(int domid, String name, String before) implements DomainEvent {}
}
