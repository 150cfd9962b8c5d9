// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.xenstore;

import java.util.concurrent.TimeUnit;

/** A watch that is set. */
public interface Watch extends AutoCloseable {
    /** As it was given. */
    String path();

    /** As it was given. */
    String token();

    /**
     * The next event, waiting for one; for a watch without handler.
     *
     * @return null when the time is over
     * @throws XenstoreException EIO when the connection is gone or the watch closed
     */
    WatchEvent poll(long time, TimeUnit unit);

    /** The next event, however long that takes. */
    WatchEvent take();

    /** Ends it: no event is delivered after this returns, except one whose handler is running. */
    @Override
    void close();
}
