// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.translate;

/**
 * Leaves translated code before the instruction that cannot be done there: a TLB miss, a fault, a device, a store to code. The
 * region catches it and returns, and the interpreter executes that one instruction. It carries nothing, so that the JVM's
 * compiler makes a jump of throwing it.
 */
public final class Miss extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** The only one. */
    // It says nothing about who threw it: without stack trace, message and suppressed exceptions.
    @SuppressWarnings("StaticAssignmentOfThrowable")
    public static final Miss MISS = new Miss();

    private Miss() {
        super(null, null, false, false);
    }
}
