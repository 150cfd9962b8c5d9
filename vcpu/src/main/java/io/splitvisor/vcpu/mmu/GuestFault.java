// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.mmu;

/**
 * Ends the instruction that is being executed, before it changed any state. One instance serves a processor: it has no
 * stack trace and is overwritten by the next fault, so whoever catches it reads it at once.
 */
public final class GuestFault extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** Why the instruction ended. */
    public enum Kind {
        /** An exception with {@link #vector} and {@link #error}. */
        EXCEPTION,
        /** An access to a non-canonical address: #SS or #GP, which the instruction decides. */
        NON_CANONICAL,
        /** The instruction rewrote code of its own block; it starts again, alone. */
        RESTART,
        /** The processor leaves to its host. */
        EXIT,
        /** The host's own code threw {@link #failure}. */
        HOST_FAILED
    }

    /** {@link #error} of an exception that pushes none. */
    public static final int NO_ERROR_CODE = -1;

    private static final int VECTOR_PF = 14;

    private Kind kind = Kind.EXCEPTION;
    private int vector;
    private int error;
    private long address;
    private RuntimeException failure;

    GuestFault() {
        super(null, null, false, false);
    }

    /** What happened. */
    public Kind kind() {
        return kind;
    }

    /** The exception's vector. */
    public int vector() {
        return vector;
    }

    /** The error code, or {@link #NO_ERROR_CODE}. */
    public int error() {
        return error;
    }

    /** The linear address of a page fault or a non-canonical access. */
    public long address() {
        return address;
    }

    /** This fault as an exception without error code. */
    public GuestFault exception(int vector) {
        return exception(vector, NO_ERROR_CODE);
    }

    /** This fault as an exception with an error code. */
    public GuestFault exception(int vector, int error) {
        this.kind = Kind.EXCEPTION;
        this.vector = vector;
        this.error = error;
        return this;
    }

    /** This fault as a page fault. */
    public GuestFault pageFault(long address, int error) {
        this.address = address;
        return exception(VECTOR_PF, error);
    }

    /** This fault as an access to a non-canonical address. */
    public GuestFault nonCanonical(long address) {
        this.kind = Kind.NON_CANONICAL;
        this.address = address;
        return this;
    }

    /** This fault as a restart of the instruction. */
    public GuestFault restart() {
        this.kind = Kind.RESTART;
        return this;
    }

    /** This fault as a failure of the host's. */
    public GuestFault hostFailed(RuntimeException thrown) {
        this.kind = Kind.HOST_FAILED;
        this.failure = thrown;
        return this;
    }

    /** What the host threw. */
    public RuntimeException failure() {
        return failure;
    }

    /** This fault as an exit to the host. */
    public GuestFault exit() {
        this.kind = Kind.EXIT;
        return this;
    }
}
