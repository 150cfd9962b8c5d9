// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu;

import io.splitvisor.abi.ShutdownReason;

/** Told that the toolstack wants the domain to end. */
@FunctionalInterface
public interface ShutdownListener {
    /**
     * The domain shuts down as soon as all listeners have returned. Called once, on a thread that may block.
     *
     * @param reason POWEROFF, REBOOT or CRASH
     */
    void shutdown(ShutdownReason reason);
}
