// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.frontend;

import io.splitvisor.driver.DeviceProtocol;
import java.util.List;

/** What a front end's connections carry: calls, or bytes. On the device's control thread. */
interface Traffic {
    /** What the ends say to each other. */
    DeviceProtocol protocol();

    /** Fresh pages for a ring, granted to the back end, with a port. */
    RingPages newRing(int index, int backendDomid, int pages);

    /** Puts the rings to work. */
    void connect(List<RingPages> rings, Link link);

    /** Puts nothing more into the rings. */
    void pause();

    /** Puts into the rings again, if there are any. */
    void goOn();

    /** Whether nothing is in flight, after a look at the rings. */
    boolean isQuiet();

    /**
     * The connection is over: what is not done waits for the next one.
     *
     * @return whether somebody waits for it
     */
    boolean disconnect();

    /** There will be no other connection: whoever waits is told so. */
    void close();

    /** Grows whenever the back end has done something for this end. */
    long progress();
}
