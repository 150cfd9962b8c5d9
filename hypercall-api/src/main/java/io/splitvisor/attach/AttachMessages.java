// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.attach;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * The two messages of the attach protocol, version 1, little-endian (docs/attach-protocol.md).
 *
 * <pre>
 *   hello  (guest to Dom0)            welcome (Dom0 to guest)
 *     0   8  magic "SVATTACH"           0  8  magic "SVATTACH"
 *     8   4  version                    8  4  version
 *    12   4  reserved, 0               12  4  status: 0, or a Linux errno; nothing follows an error
 *    16  32  token                     16  4  domid
 *                                      20  4  vcpus
 *                                      24  4  RAM pages
 *                                      28  4  grant table frames
 *                                      32  8  bytes of the ram memfd
 *                                      40  8  bytes of the monitor memfd
 *                                      48  4  xenstore event channel
 *                                      52  4  console event channel
 *                                      56  8  reserved, 0
 * </pre>
 */
public final class AttachMessages {
    /** Protocol version. */
    public static final int VERSION = 1;

    /** Bytes in a token. */
    public static final int TOKEN_BYTES = 32;

    /** Bytes in a hello. */
    public static final int HELLO_BYTES = 48;

    /** Bytes in a welcome. */
    public static final int WELCOME_BYTES = 64;

    /** Environment variable with the path of the attach socket. */
    public static final String SOCKET_VARIABLE = "SPLITVISOR_ATTACH";

    /** Environment variable with the token, in hexadecimal digits. */
    public static final String TOKEN_VARIABLE = "SPLITVISOR_TOKEN";

    private static final byte[] MAGIC = {'S', 'V', 'A', 'T', 'T', 'A', 'C', 'H'};

    private AttachMessages() {}

    /**
     * What Dom0 tells the guest.
     *
     * @param status 0, or the Linux errno of a refusal
     * @param domid the domain's number
     * @param layout where things lie; null in a refusal
     * @param monitorBytes size of the monitor memfd
     * @param xenstorePort the guest's port to xenstored
     * @param consolePort the guest's port to the console back end
     */
    public record Welcome(
            int status, int domid, DomainLayout layout, long monitorBytes, int xenstorePort, int consolePort) {
        /** A refusal. */
        public static Welcome refused(int errno) {
            return new Welcome(errno, 0, null, 0, 0, 0);
        }
    }

    /** Encodes a hello. */
    public static byte[] hello(byte[] token) {
        byte[] message = new byte[HELLO_BYTES];
        littleEndian(message).put(MAGIC).putInt(VERSION).putInt(0).put(token);
        return message;
    }

    /**
     * The token of a hello.
     *
     * @return null if this is no hello of this version
     */
    public static byte[] tokenOf(byte[] hello) {
        if (hello.length != HELLO_BYTES || !startsWell(hello)) {
            return null;
        }
        return Arrays.copyOfRange(hello, HELLO_BYTES - TOKEN_BYTES, HELLO_BYTES);
    }

    /** Encodes a welcome. */
    public static byte[] encode(Welcome w) {
        byte[] message = new byte[WELCOME_BYTES];
        ByteBuffer b = littleEndian(message).put(MAGIC).putInt(VERSION).putInt(w.status);
        if (w.status == 0) {
            b.putInt(w.domid).putInt(w.layout.vcpus());
            b.putInt(w.layout.ramPages()).putInt(w.layout.grantFrames());
            b.putLong(w.layout.totalBytes()).putLong(w.monitorBytes);
            b.putInt(w.xenstorePort).putInt(w.consolePort);
        }
        return message;
    }

    /**
     * Decodes a welcome.
     *
     * @throws IllegalArgumentException if this is none, or of another version, or contradicts itself
     */
    public static Welcome decodeWelcome(byte[] bytes) {
        if (bytes.length != WELCOME_BYTES || !startsWell(bytes)) {
            throw new IllegalArgumentException("not a welcome of attach protocol version " + VERSION);
        }
        ByteBuffer b = littleEndian(bytes).position(12);
        int status = b.getInt();
        if (status != 0) {
            return Welcome.refused(status);
        }
        int domid = b.getInt();
        int vcpus = b.getInt();
        DomainLayout layout = new DomainLayout(b.getInt(), b.getInt(), vcpus);
        if (b.getLong() != layout.totalBytes()) {
            throw new IllegalArgumentException("size of the ram memfd does not fit the layout " + layout);
        }
        return new Welcome(0, domid, layout, b.getLong(), b.getInt(), b.getInt());
    }

    private static boolean startsWell(byte[] message) {
        return Arrays.equals(message, 0, MAGIC.length, MAGIC, 0, MAGIC.length)
                && littleEndian(message).getInt(8) == VERSION;
    }

    private static ByteBuffer littleEndian(byte[] message) {
        return ByteBuffer.wrap(message).order(ByteOrder.LITTLE_ENDIAN);
    }
}
