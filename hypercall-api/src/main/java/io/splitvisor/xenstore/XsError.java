// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.xenstore;

/** {@code xsd_errors}: the errors of the protocol, in xs_wire.h's order. They travel by name, not by number. */
public enum XsError {
    EINVAL,
    EACCES,
    EEXIST,
    EISDIR,
    ENOENT,
    ENOMEM,
    ENOSPC,
    EIO,
    ENOTEMPTY,
    ENOSYS,
    EROFS,
    EBUSY,
    EAGAIN,
    EISCONN,
    E2BIG,
    EPERM;

    private static final XsError[] ALL = values();

    /** The error with this name; {@link #EINVAL} for a name that xs_wire.h does not have, as Xen's library does it. */
    public static XsError named(String name) {
        for (XsError error : ALL) {
            if (error.name().equals(name)) {
                return error;
            }
        }
        return EINVAL;
    }
}
