// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.xenstored;

/** How bytes get from a client's {@link Outbox} to it: a ring, a socket, or a call within the process. */
interface Link {
    /** Sends what waits and fits. */
    void flush();

    /** What kept the client's requests from being read may be over. */
    void resume();

    /**
     * The client broke the protocol and is not spoken with any more.
     *
     * @param error {@code XENSTORE_ERROR_*}
     */
    void giveUp(int error);

    /** The client is gone. */
    void close();
}
