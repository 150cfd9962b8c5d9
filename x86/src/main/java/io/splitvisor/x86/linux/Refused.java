// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.linux;

/** Ends a system call with an error. Has no stack trace: it is an answer, not a surprise. */
final class Refused extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int errno;

    Refused(int errno) {
        super(null, null, false, false);
        this.errno = errno;
    }

    int errno() {
        return errno;
    }
}
