// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

/** What the monitor does for one {@link io.splitvisor.hypercall.HypercallOp}. */
@FunctionalInterface
public interface HypercallHandler {
    /**
     * Serves a call, or goes on with one.
     *
     * @param call who calls, with what; the structure has been copied in
     * @return a value, 0, or a negative Xen errno; or {@link HypercallContext#PREEMPTED}
     */
    long serve(HypercallContext call);
}
