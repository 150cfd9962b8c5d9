// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.toolstack;

/** What {@link Toolstack#waitFor} waits for. */
public enum Condition {
    /** The domain has shut down, or is gone: {@code shutdown -w}. */
    SHUTDOWN,
    /** The domain is gone, and everything that it held is free again: {@code shutdown -ww}. */
    DEATH,
    /** The domain's guest runs: its process has attached. */
    RUNNING,
    /** The guest has taken note of the last request to shut down, or needs it no more. */
    ACKNOWLEDGED
}
