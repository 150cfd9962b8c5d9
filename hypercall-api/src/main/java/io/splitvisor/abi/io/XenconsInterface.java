// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.io;

import io.splitvisor.ring.ByteRing;
import java.lang.foreign.MemorySegment;

/**
 * The console page: two byte rings. {@code struct xencons_interface} in io/console.h.
 *
 * <pre>
 *   offset  size  field      written by
 *        0  1024  in[1024]   console back end: what the user types
 *     1024  2048  out[2048]  guest: what it prints
 *     3072     4  in_cons    guest
 *     3076     4  in_prod    console back end
 *     3080     4  out_cons   console back end
 *     3084     4  out_prod   guest
 * </pre>
 */
public final class XenconsInterface {
    /** Bytes of the structure. */
    public static final int SIZE = 3088;

    /** Bytes of the ring to the guest. */
    public static final int IN_BYTES = 1024;

    /** Bytes of the ring from the guest. */
    public static final int OUT_BYTES = 2048;

    public static final long IN = 0;
    public static final long OUT = 1024;
    public static final long IN_CONS = 3072;
    public static final long IN_PROD = 3076;
    public static final long OUT_CONS = 3080;
    public static final long OUT_PROD = 3084;

    private XenconsInterface() {}

    /** The ring to the guest. */
    public static ByteRing in(MemorySegment memory, long at) {
        return new ByteRing(memory, at + IN, IN_BYTES, at + IN_CONS, at + IN_PROD);
    }

    /** The ring from the guest. */
    public static ByteRing out(MemorySegment memory, long at) {
        return new ByteRing(memory, at + OUT, OUT_BYTES, at + OUT_CONS, at + OUT_PROD);
    }
}
