// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.io;

/** Limits of the xenstore wire protocol and words of its shared page (io/xs_wire.h, {@code XENSTORE_*}). */
public final class XsWire {
    /** Bytes of each ring. */
    public static final int RING_SIZE = 1024;
    /** Largest body of a message. */
    public static final int PAYLOAD_MAX = 4096;
    /** Longest absolute path. */
    public static final int ABS_PATH_MAX = 3072;
    /** Longest relative path. */
    public static final int REL_PATH_MAX = 2048;
    /** Bit of server_features: the connection word works. */
    public static final int SERVER_FEATURE_RECONNECTION = 1;
    /** Bit of server_features: the error word works. */
    public static final int SERVER_FEATURE_ERROR = 2;
    /** Connection word: the steady state. */
    public static final int CONNECTED = 0;
    /** Connection word: the guest asked for a reconnect. */
    public static final int RECONNECT = 1;
    /** Error word: no error. */
    public static final int ERROR_NONE = 0;
    /** Error word: communication problem. */
    public static final int ERROR_COMM = 1;
    /** Error word: invalid ring index. */
    public static final int ERROR_RINGIDX = 2;
    /** Error word: protocol violation. */
    public static final int ERROR_PROTO = 3;

    private XsWire() {}
}
