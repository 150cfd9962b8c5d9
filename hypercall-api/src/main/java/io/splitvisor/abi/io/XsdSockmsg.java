// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.io;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Header of every xenstore message, on a socket and in a ring. {@code struct xsd_sockmsg} in io/xs_wire.h.
 *
 * <pre>
 *   offset  size  field   written by
 *        0     4  type    sender: an XS_* number
 *        4     4  req_id  client; echoed in the reply
 *        8     4  tx_id   client: a transaction, or 0; echoed in the reply
 *       12     4  len     sender: bytes of the body that follows
 * </pre>
 */
public final class XsdSockmsg {
    /** Bytes of the structure. */
    public static final int SIZE = 16;

    public static final long TYPE = 0;
    public static final long REQ_ID = 4;
    public static final long TX_ID = 8;
    public static final long LEN = 12;

    private XsdSockmsg() {}

    public static int type(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + TYPE);
    }

    public static void type(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + TYPE, value);
    }

    public static int reqId(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + REQ_ID);
    }

    public static void reqId(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + REQ_ID, value);
    }

    public static int txId(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + TX_ID);
    }

    public static void txId(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + TX_ID, value);
    }

    public static int len(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + LEN);
    }

    public static void len(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + LEN, value);
    }
}
