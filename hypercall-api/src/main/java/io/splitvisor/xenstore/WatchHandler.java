// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.xenstore;

/** Told of changes. May use the connection; what it throws goes to the thread's uncaught-exception handler. */
@FunctionalInterface
public interface WatchHandler {
    /** Something changed. */
    void changed(WatchEvent event);
}
