// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.toolstack;

/**
 * How to create a domain.
 *
 * @param paused whether to leave it paused: nothing of the guest runs before {@code unpause}
 */
public record CreateOptions(boolean paused) {
    /** It starts at once. */
    public static final CreateOptions START = new CreateOptions(false);

    /** It waits for {@code unpause}. */
    public static final CreateOptions PAUSED = new CreateOptions(true);
}
