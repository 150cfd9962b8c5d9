// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.event;

/**
 * An {@link EventHandler} that knows whether there was work. A port whose events come again and again without any is masked
 * for a while after each, up to a second: a back end that has gone mad, or wants to keep this domain busy, costs nothing
 * then.
 */
@FunctionalInterface
public interface DampedHandler {
    /** Looks for work; must not block. Returns whether there was any since the last call. */
    boolean upcall();
}
