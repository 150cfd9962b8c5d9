// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.io;

import io.splitvisor.abi.XenErrno;
import java.util.Optional;

/**
 * Errors of xenstore in the order of the header's table (io/xs_wire.h, {@code xsd_errors}). On the wire an error is
 * its name with a NUL.
 */
public enum XsdError {
    /** Invalid argument. */
    EINVAL(XenErrno.EINVAL),
    /** Permission denied. */
    EACCES(XenErrno.EACCES),
    /** File exists. */
    EEXIST(XenErrno.EEXIST),
    /** Is a directory. */
    EISDIR(XenErrno.EISDIR),
    /** No such file or directory. */
    ENOENT(XenErrno.ENOENT),
    /** Out of memory. */
    ENOMEM(XenErrno.ENOMEM),
    /** No space left. */
    ENOSPC(XenErrno.ENOSPC),
    /** I/O error. */
    EIO(XenErrno.EIO),
    /** Directory not empty. */
    ENOTEMPTY(XenErrno.ENOTEMPTY),
    /** Function not implemented. */
    ENOSYS(XenErrno.ENOSYS),
    /** Read-only file system. */
    EROFS(XenErrno.EROFS),
    /** Device or resource busy. */
    EBUSY(XenErrno.EBUSY),
    /** Try again. */
    EAGAIN(XenErrno.EAGAIN),
    /** Already connected. */
    EISCONN(XenErrno.EISCONN),
    /** Argument list too long. */
    E2BIG(XenErrno.E2BIG),
    /** Operation not permitted. */
    EPERM(XenErrno.EPERM);

    private final int errno;

    XsdError(int errno) {
        this.errno = errno;
    }

    /** The positive error number. */
    public int errno() {
        return errno;
    }

    /** The error with this positive number; a number that the table lacks is {@link #EINVAL}, as in xenstored. */
    public static XsdError of(int errno) {
        for (XsdError error : values()) {
            if (error.errno == errno) {
                return error;
            }
        }
        return EINVAL;
    }

    /** The error with this name on the wire; empty for a name that the table lacks. */
    public static Optional<XsdError> named(String name) {
        for (XsdError error : values()) {
            if (error.name().equals(name)) {
                return Optional.of(error);
            }
        }
        return Optional.empty();
    }
}
