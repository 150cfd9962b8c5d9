// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.xenstore;

import java.nio.charset.StandardCharsets;

/**
 * One message: {@code struct xsd_sockmsg} and its payload. The type is kept as the number received, since a peer may send
 * any.
 */
public final class XsMessage {
    private static final byte[] NOTHING = {};

    private final int type;
    private final int requestId;
    private final int transactionId;
    private final byte[] payload;

    /**
     * @param payload at most {@link XsWire#PAYLOAD_MAX} bytes; not copied, so not to be changed afterwards
     * @throws IllegalArgumentException if the payload is too long
     */
    public XsMessage(int type, int requestId, int transactionId, byte[] payload) {
        if (payload.length > XsWire.PAYLOAD_MAX) {
            throw new IllegalArgumentException("xenstore payload of " + payload.length + " bytes");
        }
        this.type = type;
        this.requestId = requestId;
        this.transactionId = transactionId;
        this.payload = payload;
    }

    /** A message without payload. */
    public static XsMessage empty(XsMessageType type, int requestId, int transactionId) {
        return new XsMessage(type.code(), requestId, transactionId, NOTHING);
    }

    /** {@code type}: see {@link XsMessageType#of}. */
    public int type() {
        return type;
    }

    /** {@code req_id}: a reply carries its request's. */
    public int requestId() {
        return requestId;
    }

    /** {@code tx_id}: 0 outside transactions. */
    public int transactionId() {
        return transactionId;
    }

    /** What follows the header; shared, not to be changed. */
    public byte[] payload() {
        return payload;
    }

    /** Whether this is of that type. */
    public boolean is(XsMessageType wanted) {
        return type == wanted.code();
    }

    /** The payload up to its last NUL, or all of it where it does not end in one, as text. */
    public String text() {
        int length = payload.length;
        if (length > 0 && payload[length - 1] == 0) {
            length--;
        }
        return new String(payload, 0, length, StandardCharsets.UTF_8);
    }

    /** Header and payload as they travel: little-endian, as x86 has it. */
    public byte[] encode() {
        byte[] bytes = new byte[XsWire.HEADER_SIZE + payload.length];
        putInt(bytes, 0, type);
        putInt(bytes, 4, requestId);
        putInt(bytes, 8, transactionId);
        putInt(bytes, 12, payload.length);
        System.arraycopy(payload, 0, bytes, XsWire.HEADER_SIZE, payload.length);
        return bytes;
    }

    static void putInt(byte[] bytes, int at, int value) {
        bytes[at] = (byte) value;
        bytes[at + 1] = (byte) (value >> 8);
        bytes[at + 2] = (byte) (value >> 16);
        bytes[at + 3] = (byte) (value >> 24);
    }

    static int getInt(byte[] bytes, int at) {
        return (bytes[at] & 0xff)
                | (bytes[at + 1] & 0xff) << 8
                | (bytes[at + 2] & 0xff) << 16
                | (bytes[at + 3] & 0xff) << 24;
    }
}
