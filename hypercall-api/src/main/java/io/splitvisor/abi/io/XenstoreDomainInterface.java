// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.io;

import io.splitvisor.ring.ByteRing;
import io.splitvisor.xenstore.XsWire;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * The xenstore page: two byte rings of messages, and three words. {@code struct xenstore_domain_interface} in
 * io/xs_wire.h.
 *
 * <pre>
 *   offset  size  field            written by
 *        0  1024  req[1024]        guest
 *     1024  1024  rsp[1024]        xenstored: replies and watch events
 *     2048     4  req_cons         xenstored
 *     2052     4  req_prod         guest
 *     2056     4  rsp_cons         guest
 *     2060     4  rsp_prod         xenstored
 *     2064     4  server_features  xenstored: XENSTORE_SERVER_FEATURE_* bits
 *     2068     4  connection       both: the guest asks for a reconnect, xenstored sets it back
 *     2072     4  error            xenstored: a XENSTORE_ERROR_* number
 * </pre>
 */
public final class XenstoreDomainInterface {
    /** Bytes of the structure. */
    public static final int SIZE = 2076;

    public static final long REQ = 0;
    public static final long RSP = 1024;
    public static final long REQ_CONS = 2048;
    public static final long REQ_PROD = 2052;
    public static final long RSP_CONS = 2056;
    public static final long RSP_PROD = 2060;
    public static final long SERVER_FEATURES = 2064;
    public static final long CONNECTION = 2068;
    public static final long ERROR = 2072;

    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

    private XenstoreDomainInterface() {}

    /** The ring from the guest. */
    public static ByteRing req(MemorySegment memory, long at) {
        return new ByteRing(memory, at + REQ, XsWire.RING_SIZE, at + REQ_CONS, at + REQ_PROD);
    }

    /** The ring to the guest. */
    public static ByteRing rsp(MemorySegment memory, long at) {
        return new ByteRing(memory, at + RSP, XsWire.RING_SIZE, at + RSP_CONS, at + RSP_PROD);
    }

    /** For xenstored, when both rings start again: all four indices become 0. */
    public static void resetIndices(MemorySegment memory, long at) {
        INT.setOpaque(memory, at + REQ_CONS, 0);
        INT.setOpaque(memory, at + REQ_PROD, 0);
        INT.setOpaque(memory, at + RSP_CONS, 0);
        INT.setOpaque(memory, at + RSP_PROD, 0);
    }

    public static int serverFeaturesAcquire(MemorySegment memory, long at) {
        return (int) INT.getAcquire(memory, at + SERVER_FEATURES);
    }

    public static void serverFeaturesRelease(MemorySegment memory, long at, int value) {
        INT.setRelease(memory, at + SERVER_FEATURES, value);
    }

    public static int connectionAcquire(MemorySegment memory, long at) {
        return (int) INT.getAcquire(memory, at + CONNECTION);
    }

    /** Pairs with {@link #connectionAcquire}: who sees the new word sees the rings as they were left. */
    public static void connectionRelease(MemorySegment memory, long at, int value) {
        INT.setRelease(memory, at + CONNECTION, value);
    }

    public static int errorAcquire(MemorySegment memory, long at) {
        return (int) INT.getAcquire(memory, at + ERROR);
    }

    public static void errorRelease(MemorySegment memory, long at, int value) {
        INT.setRelease(memory, at + ERROR, value);
    }
}
