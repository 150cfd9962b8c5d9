// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu;

/** What raises interrupts: the interrupt controllers, seen from the processor. */
@FunctionalInterface
public interface Interrupts {
    /** No interrupt is pending. */
    int NONE = -1;

    /**
     * Accepts the pending external interrupt of highest priority. Called on the processor's thread, when the guest can
     * take it.
     *
     * @param taskPriority CR8
     * @return its vector, or {@link #NONE}
     */
    int acknowledge(int taskPriority);

    /** No interrupt ever. */
    Interrupts NEVER = taskPriority -> NONE;
}
