// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;

/**
 * Xen's error numbers (xen/include/public/errno.h), positive here as in the header. An operation that fails returns the
 * negative number: {@code return -XenErrno.EINVAL}.
 */
public final class XenErrno {
    /** Operation not permitted. */
    public static final int EPERM = 1;

    /** No such file or directory. */
    public static final int ENOENT = 2;

    /** No such process; for Xen, no such domain. */
    public static final int ESRCH = 3;

    /** Interrupted. Internal to Xen, never seen by a guest. */
    public static final int EINTR = 4;

    /** I/O error. */
    public static final int EIO = 5;

    /** No such device or address. */
    public static final int ENXIO = 6;

    /** Argument list too long. */
    public static final int E2BIG = 7;

    /** Exec format error. */
    public static final int ENOEXEC = 8;

    /** Bad file number. */
    public static final int EBADF = 9;

    /** No child processes. */
    public static final int ECHILD = 10;

    /** Try again. */
    public static final int EAGAIN = 11;

    /** Another name of {@link #EAGAIN}. */
    public static final int EWOULDBLOCK = 11;

    /** Out of memory. */
    public static final int ENOMEM = 12;

    /** Permission denied. */
    public static final int EACCES = 13;

    /** Bad address: an argument points where the guest has no memory. */
    public static final int EFAULT = 14;

    /** Device or resource busy. */
    public static final int EBUSY = 16;

    /** File exists. */
    public static final int EEXIST = 17;

    /** Cross-device link. */
    public static final int EXDEV = 18;

    /** No such device. */
    public static final int ENODEV = 19;

    /** Not a directory. */
    public static final int ENOTDIR = 20;

    /** Is a directory. */
    public static final int EISDIR = 21;

    /** Invalid argument. */
    public static final int EINVAL = 22;

    /** File table overflow. */
    public static final int ENFILE = 23;

    /** Too many open files. */
    public static final int EMFILE = 24;

    /** No space left. */
    public static final int ENOSPC = 28;

    /** Read-only file system. */
    public static final int EROFS = 30;

    /** Too many links. */
    public static final int EMLINK = 31;

    /** Math argument out of domain. */
    public static final int EDOM = 33;

    /** Result not representable. */
    public static final int ERANGE = 34;

    /** Resource deadlock would occur. */
    public static final int EDEADLK = 35;

    /** Another name of {@link #EDEADLK}. */
    public static final int EDEADLOCK = 35;

    /** File name too long. */
    public static final int ENAMETOOLONG = 36;

    /** No record locks available. */
    public static final int ENOLCK = 37;

    /** Function not implemented; the answer to an unknown hypercall. */
    public static final int ENOSYS = 38;

    /** Directory not empty. */
    public static final int ENOTEMPTY = 39;

    /** No data available. */
    public static final int ENODATA = 61;

    /** Timer expired. */
    public static final int ETIME = 62;

    /** Not a data message. */
    public static final int EBADMSG = 74;

    /** Value too large for its type. */
    public static final int EOVERFLOW = 75;

    /** Illegal byte sequence. */
    public static final int EILSEQ = 84;

    /** Restart the hypercall. Internal to Xen, never seen by a guest. */
    public static final int ERESTART = 85;

    /** Not a socket. */
    public static final int ENOTSOCK = 88;

    /** Message too large. */
    public static final int EMSGSIZE = 90;

    /** Operation not supported. */
    public static final int EOPNOTSUPP = 95;

    /** Address already in use. */
    public static final int EADDRINUSE = 98;

    /** Cannot assign the requested address. */
    public static final int EADDRNOTAVAIL = 99;

    /** No buffer space available. */
    public static final int ENOBUFS = 105;

    /** Already connected. */
    public static final int EISCONN = 106;

    /** Not connected. */
    public static final int ENOTCONN = 107;

    /** Timed out. */
    public static final int ETIMEDOUT = 110;

    /** Connection refused. */
    public static final int ECONNREFUSED = 111;

    /** The largest magnitude that counts as an error; a result below its negative is a value, such as an address. */
    public static final int MAX_ERRNO = 4095;

    private static final Map<String, Integer> NUMBERS = numbers();

    private XenErrno() {}

    /** Whether a hypercall's result is an error, that is, lies in [-{@link #MAX_ERRNO}, -1]. */
    public static boolean isError(long result) {
        return result < 0 && result >= -MAX_ERRNO;
    }

    /**
     * The name of an error, with or without its minus sign: both 22 and -22 are "EINVAL". Zero is "OK"; a number that
     * Xen does not define is "errno N".
     */
    public static String nameOf(long errno) {
        int number = Math.abs((int) Math.clamp(errno, -MAX_ERRNO - 1L, MAX_ERRNO + 1L));
        String name = name(number);
        return name.isEmpty() ? "errno " + Math.abs(errno) : name;
    }

    /** The positive number of a name as in the header without its prefix, such as "EINVAL"; empty if Xen has none. */
    public static OptionalInt numberOf(String name) {
        Integer number = NUMBERS.get(name);
        return number == null ? OptionalInt.empty() : OptionalInt.of(number);
    }

    private static Map<String, Integer> numbers() {
        Map<String, Integer> result = new HashMap<>();
        for (int number = 1; number <= MAX_ERRNO; number++) {
            String name = name(number);
            if (!name.isEmpty()) {
                result.put(name, number);
            }
        }
        result.put("EWOULDBLOCK", EWOULDBLOCK);
        result.put("EDEADLOCK", EDEADLOCK);
        return Map.copyOf(result);
    }

    private static String name(int number) {
        return switch (number) {
            case 0 -> "OK";
            case EPERM -> "EPERM";
            case ENOENT -> "ENOENT";
            case ESRCH -> "ESRCH";
            case EINTR -> "EINTR";
            case EIO -> "EIO";
            case ENXIO -> "ENXIO";
            case E2BIG -> "E2BIG";
            case ENOEXEC -> "ENOEXEC";
            case EBADF -> "EBADF";
            case ECHILD -> "ECHILD";
            case EAGAIN -> "EAGAIN";
            case ENOMEM -> "ENOMEM";
            case EACCES -> "EACCES";
            case EFAULT -> "EFAULT";
            case EBUSY -> "EBUSY";
            case EEXIST -> "EEXIST";
            case EXDEV -> "EXDEV";
            case ENODEV -> "ENODEV";
            case ENOTDIR -> "ENOTDIR";
            case EISDIR -> "EISDIR";
            case EINVAL -> "EINVAL";
            case ENFILE -> "ENFILE";
            case EMFILE -> "EMFILE";
            case ENOSPC -> "ENOSPC";
            case EROFS -> "EROFS";
            case EMLINK -> "EMLINK";
            case EDOM -> "EDOM";
            case ERANGE -> "ERANGE";
            case EDEADLK -> "EDEADLK";
            case ENAMETOOLONG -> "ENAMETOOLONG";
            case ENOLCK -> "ENOLCK";
            case ENOSYS -> "ENOSYS";
            case ENOTEMPTY -> "ENOTEMPTY";
            case ENODATA -> "ENODATA";
            case ETIME -> "ETIME";
            case EBADMSG -> "EBADMSG";
            case EOVERFLOW -> "EOVERFLOW";
            case EILSEQ -> "EILSEQ";
            case ERESTART -> "ERESTART";
            case ENOTSOCK -> "ENOTSOCK";
            case EMSGSIZE -> "EMSGSIZE";
            case EOPNOTSUPP -> "EOPNOTSUPP";
            case EADDRINUSE -> "EADDRINUSE";
            case EADDRNOTAVAIL -> "EADDRNOTAVAIL";
            case ENOBUFS -> "ENOBUFS";
            case EISCONN -> "EISCONN";
            case ENOTCONN -> "ENOTCONN";
            case ETIMEDOUT -> "ETIMEDOUT";
            case ECONNREFUSED -> "ECONNREFUSED";
            default -> "";
        };
    }
}
