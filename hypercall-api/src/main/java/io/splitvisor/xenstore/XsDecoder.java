// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.xenstore;

/**
 * Puts messages together from a stream of bytes that arrives in pieces. The owner reads up to {@link #wanted} bytes into
 * {@link #target} at {@link #offset}, then says how many came:
 *
 * <pre>{@code
 * int count = channel.read(decoder.target(), decoder.offset(), decoder.wanted());
 * XsMessage message = decoder.advance(count);
 * }</pre>
 *
 * A header with a length beyond {@link XsWire#PAYLOAD_MAX} makes it {@link #broken}: the stream cannot be read on.
 */
public final class XsDecoder {
    private static final byte[] NOTHING = {};

    private final byte[] header = new byte[XsWire.HEADER_SIZE];
    private byte[] payload;
    private int filled;
    private boolean broken;

    /** Where the next bytes belong. */
    public byte[] target() {
        return payload == null ? header : payload;
    }

    /** Where in {@link #target}. */
    public int offset() {
        return filled;
    }

    /** How many bytes may be put there; 0 when broken. */
    public int wanted() {
        return broken ? 0 : target().length - filled;
    }

    /** Whether the peer announced a payload longer than the protocol allows. */
    public boolean broken() {
        return broken;
    }

    /** Whether a message has begun and is not complete. */
    public boolean partial() {
        return filled > 0 || payload != null;
    }

    /**
     * Takes note of bytes put into {@link #target}.
     *
     * @param count from 0 to {@link #wanted}
     * @return the message they completed, or null
     */
    public XsMessage advance(int count) {
        filled += count;
        if (filled < target().length || broken) {
            return null;
        }
        if (payload == null) {
            int length = XsMessage.getInt(header, 12);
            if (length < 0 || length > XsWire.PAYLOAD_MAX) {
                broken = true;
                return null;
            }
            payload = length == 0 ? NOTHING : new byte[length];
            filled = 0;
            if (length > 0) {
                return null;
            }
        }
        XsMessage message = new XsMessage(
                XsMessage.getInt(header, 0), XsMessage.getInt(header, 4), XsMessage.getInt(header, 8), payload);
        reset();
        return message;
    }

    /** Forgets a message that has begun, and that the stream was broken. */
    public void reset() {
        payload = null;
        filled = 0;
        broken = false;
    }
}
