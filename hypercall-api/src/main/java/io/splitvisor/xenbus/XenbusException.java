// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.xenbus;

import io.splitvisor.abi.XenErrno;

/** The other end wrote something that cannot be worked with; this end goes to Closing. */
public final class XenbusException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int errno;

    /**
     * @param errno a positive number of {@link XenErrno}
     * @param message what is wrong, for the {@code error} node
     */
    public XenbusException(int errno, String message) {
        super(message);
        this.errno = errno;
    }

    /** As above, with what caused it. */
    public XenbusException(int errno, String message, Throwable cause) {
        super(message, cause);
        this.errno = errno;
    }

    /** A positive number of {@link XenErrno}. */
    public int errno() {
        return errno;
    }
}
