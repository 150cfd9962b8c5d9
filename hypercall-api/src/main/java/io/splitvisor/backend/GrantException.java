// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.backend;

/** A grant reference that a ring's set-up depends on could not be mapped. */
public final class GrantException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int ref;
    private final int status;

    /**
     * @param ref the reference, as the peer gave it
     * @param status the negative GNTST status
     */
    public GrantException(int ref, int status) {
        super("grant reference " + Integer.toUnsignedString(ref) + " cannot be mapped: status " + status);
        this.ref = ref;
        this.status = status;
    }

    /** The reference. */
    public int ref() {
        return ref;
    }

    /** The negative GNTST status. */
    public int status() {
        return status;
    }
}
