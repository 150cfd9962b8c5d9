// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.host;

/** A system call failed. Carries the call's name and the positive Linux errno, so that callers can switch on it. */
public final class HostException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final String call;
    private final int errno;

    /**
     * @param call the system call, with its object where that helps ({@code open /x})
     * @param errno the positive Linux errno
     */
    public HostException(String call, int errno) {
        super(call + ": " + Errno.describe(errno));
        this.call = call;
        this.errno = errno;
    }

    /** The system call that failed. */
    public String call() {
        return call;
    }

    /** The positive Linux errno, one of {@link Errno}. */
    public int errno() {
        return errno;
    }
}
