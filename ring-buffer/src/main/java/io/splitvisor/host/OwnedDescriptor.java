// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.host;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * A descriptor that is closed once. Afterwards it is -1, so that a late call fails with EBADF instead of reaching
 * whatever the system has opened under the same number meanwhile.
 */
final class OwnedDescriptor {
    private static final int CLOSED = -1;

    private final AtomicInteger fd;

    OwnedDescriptor(int fd) {
        this.fd = new AtomicInteger(fd);
    }

    int number() {
        return fd.get();
    }

    void close() {
        int number = fd.getAndSet(CLOSED);
        if (number != CLOSED) {
            Descriptors.close(number);
        }
    }
}
