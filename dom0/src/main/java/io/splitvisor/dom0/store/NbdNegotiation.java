// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.store;

import io.splitvisor.host.Errno;
import io.splitvisor.host.HostException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * The fixed newstyle negotiation: asks for an export with {@code NBD_OPT_GO}, or with {@code NBD_OPT_EXPORT_NAME} where
 * the server is too old for that. Structured replies are not asked for: a simple reply's data can be received straight
 * into its place.
 */
final class NbdNegotiation {
    private static final int MOST_REPLIES = 32;

    private final NbdAddress address;
    private final NbdWire wire;
    private boolean zeroes;
    private long bytes;
    private int flags;
    private int blockSize = 1;
    private int preferredSize = 1;
    private long mostPayload = 32L << 20;

    private NbdNegotiation(NbdAddress address, NbdWire wire) {
        this.address = address;
        this.wire = wire;
    }

    /**
     * What was agreed upon.
     *
     * @param bytes the export's size
     * @param flags transmission flags
     * @param blockSize the smallest transfer
     * @param preferredSize the smallest transfer that is not slow
     * @param mostPayload the largest transfer
     */
    record Export(long bytes, int flags, int blockSize, int preferredSize, long mostPayload) {
        boolean has(int flag) {
            return (flags & flag) != 0;
        }
    }

    /**
     * Negotiates.
     *
     * @throws StoreException if the server does not have the export, or does not speak the protocol
     * @throws HostException if the connection breaks
     */
    static Export run(NbdAddress address, NbdWire wire) {
        return new NbdNegotiation(address, wire).run();
    }

    private Export run() {
        ByteBuffer hello = wire.receive(18);
        if (hello.getLong() != NbdProtocol.INIT_MAGIC || hello.getLong() != NbdProtocol.OPTION_MAGIC) {
            throw refuse(StoreException.Kind.UNREACHABLE, "the server does not speak newstyle NBD");
        }
        int offered = Short.toUnsignedInt(hello.getShort());
        if ((offered & NbdProtocol.FLAG_FIXED_NEWSTYLE) == 0) {
            throw refuse(StoreException.Kind.UNREACHABLE, "the server does not speak fixed newstyle NBD");
        }
        int taken = offered & (NbdProtocol.FLAG_FIXED_NEWSTYLE | NbdProtocol.FLAG_NO_ZEROES);
        zeroes = (taken & NbdProtocol.FLAG_NO_ZEROES) == 0;
        wire.send(ByteBuffer.allocate(4).putInt(taken));
        if (!go()) {
            exportName();
        }
        return new Export(bytes, flags, blockSize, preferredSize, mostPayload);
    }

    private byte[] name() {
        byte[] name = address.export().getBytes(StandardCharsets.UTF_8);
        if (name.length > 1024) {
            throw refuse(StoreException.Kind.INVALID, "the export's name is too long");
        }
        return name;
    }

    /** False if the server does not know the option. */
    private boolean go() {
        byte[] name = name();
        int length = 4 + name.length + 2 + 2;
        wire.send(ByteBuffer.allocate(16 + length)
                .putLong(NbdProtocol.OPTION_MAGIC)
                .putInt(NbdProtocol.OPT_GO)
                .putInt(length)
                .putInt(name.length)
                .put(name)
                .putShort((short) 1)
                .putShort((short) NbdProtocol.INFO_BLOCK_SIZE));
        for (int i = 0; i < MOST_REPLIES; i++) {
            ByteBuffer header = wire.receive(20);
            if (header.getLong() != NbdProtocol.OPTION_REPLY_MAGIC || header.getInt() != NbdProtocol.OPT_GO) {
                throw refuse(StoreException.Kind.UNREACHABLE, "the server's reply makes no sense");
            }
            int type = header.getInt();
            ByteBuffer body = wire.receive(header.getInt());
            switch (type) {
                case NbdProtocol.REP_ACK -> {
                    return true;
                }
                case NbdProtocol.REP_INFO -> info(body);
                case NbdProtocol.REP_ERR_UNSUPPORTED -> {
                    return false;
                }
                case NbdProtocol.REP_ERR_UNKNOWN ->
                    throw refuse(StoreException.Kind.NOT_FOUND, "the server has no export \"" + address.export() + '"');
                case NbdProtocol.REP_ERR_POLICY ->
                    throw refuse(StoreException.Kind.DENIED, "the server refuses this export");
                default -> {
                    if (type < 0) {
                        throw refuse(StoreException.Kind.UNREACHABLE, "the server refuses, reply " + (type & 0xffff));
                    }
                }
            }
        }
        throw refuse(StoreException.Kind.UNREACHABLE, "the server does not come to an end");
    }

    private void info(ByteBuffer body) {
        int kind = body.remaining() >= 2 ? body.getShort() : -1;
        if (kind == NbdProtocol.INFO_EXPORT && body.remaining() >= 10) {
            bytes = body.getLong();
            flags = Short.toUnsignedInt(body.getShort());
        } else if (kind == NbdProtocol.INFO_BLOCK_SIZE && body.remaining() >= 12) {
            blockSize = body.getInt();
            preferredSize = body.getInt();
            mostPayload = Integer.toUnsignedLong(body.getInt());
        }
    }

    /** The old way: no reply but the export's data, and a server without the export hangs up. */
    private void exportName() {
        byte[] name = name();
        wire.send(ByteBuffer.allocate(16 + name.length)
                .putLong(NbdProtocol.OPTION_MAGIC)
                .putInt(NbdProtocol.OPT_EXPORT_NAME)
                .putInt(name.length)
                .put(name));
        try {
            ByteBuffer reply = wire.receive(zeroes ? 10 + 124 : 10);
            bytes = reply.getLong();
            flags = Short.toUnsignedInt(reply.getShort());
        } catch (HostException e) {
            if (e.errno() != Errno.EPIPE) {
                throw e;
            }
            throw refuse(StoreException.Kind.NOT_FOUND, "the server has no export \"" + address.export() + '"');
        }
    }

    private StoreException refuse(StoreException.Kind kind, String reason) {
        return new StoreException(kind, address.name(), reason, null);
    }
}
