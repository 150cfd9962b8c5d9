// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.paging;

/** How a processor has others forget what they must not use any more. */
public enum ShootdownBy {
    /** It interrupts each of them by an event, and tells them itself. */
    INTERRUPT,

    /**
     * It asks the monitor, once for all of them: {@code mmuext_op} where tables are registered, else {@code
     * HVMOP_flush_tlbs}.
     */
    HYPERCALL
}
