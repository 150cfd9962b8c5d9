// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor;

/** What the monitor tells the toolstack about a domain. Called on whatever thread noticed; must not block. */
public interface MonitorListener {
    /**
     * The guest shut itself down ({@code SCHEDOP_shutdown}).
     *
     * @param reason one of {@link io.splitvisor.abi.ShutdownReason}
     */
    void shutdown(Domain domain, int reason);

    /**
     * The guest did what no guest may survive, and has to be destroyed as crashed.
     *
     * @param why for the log; says what the guest did
     */
    void crashed(Domain domain, String why);

    /**
     * The guest wrote a line to the monitor's log ({@code CONSOLEIO_write}): whoever keeps the log limits their rate.
     *
     * @param line printable ASCII and tabs, at most {@link GuestLog#LINE} characters
     */
    default void logged(Domain domain, String line) {}
}
