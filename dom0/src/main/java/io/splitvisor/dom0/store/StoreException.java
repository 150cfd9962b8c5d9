// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.store;

/** A store cannot be opened. The message says which and why, for the person who named it. */
public final class StoreException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** Why. */
    public enum Kind {
        /** There is no such file, device, server or export. */
        NOT_FOUND,
        /** This process may not open it, or may not write to it. */
        DENIED,
        /** Somebody else has it open: two writers would destroy it. */
        IN_USE,
        /** The name cannot be understood, or what it names cannot be a disk. */
        INVALID,
        /** The server cannot be reached, or does not speak the protocol. */
        UNREACHABLE
    }

    private final Kind kind;
    private final String store;

    /**
     * @param store its name, as the user gave it
     * @param reason one clause for the user
     * @param cause null if there is none
     */
    public StoreException(Kind kind, String store, String reason, Throwable cause) {
        super(store + ": " + reason, cause);
        this.kind = kind;
        this.store = store;
    }

    /** Why. */
    public Kind kind() {
        return kind;
    }

    /** Its name, as the user gave it. */
    public String store() {
        return store;
    }
}
