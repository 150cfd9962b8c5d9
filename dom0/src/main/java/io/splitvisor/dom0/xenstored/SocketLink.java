// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.xenstored;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.splitvisor.xenstore.XsDecoder;
import io.splitvisor.xenstore.XsMessage;
import io.splitvisor.xenstore.XsWire;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A tool of the control domain on the Unix socket. One that does not read its replies is not read from either. */
final class SocketLink extends ChannelInboundHandlerAdapter implements Link {
    private static final Logger LOG = LoggerFactory.getLogger(SocketLink.class);
    /** Messages that may wait before the socket is read again. */
    private static final int MAX_WAITING = 256;

    private final XenstoreCore core;
    private final XsDecoder decoder = new XsDecoder();
    private ChannelHandlerContext context;
    private Client client;

    SocketLink(XenstoreCore core) {
        this.core = core;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        context = ctx;
        client = core.connect(core.domains().find(0));
        client.attach(this);
        ctx.read();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        core.disconnect(client);
        core.settle();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object data) {
        ByteBuf bytes = (ByteBuf) data;
        try {
            while (bytes.isReadable() && !client.isIgnored()) {
                int count = Math.min(decoder.wanted(), bytes.readableBytes());
                bytes.readBytes(decoder.target(), decoder.offset(), count);
                XsMessage message = decoder.advance(count);
                if (decoder.broken()) {
                    client.ignore(XsWire.ERROR_PROTO);
                } else if (message != null) {
                    core.process(client, message);
                }
            }
        } finally {
            bytes.release();
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        core.settle();
        readOn();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        flush();
        readOn();
    }

    private void readOn() {
        if (!client.isIgnored() && client.outbox().size() < MAX_WAITING) {
            context.read();
        }
    }

    @Override
    public void flush() {
        Outbox.Item item;
        boolean written = false;
        while (context.channel().isWritable() && (item = client.outbox().head()) != null) {
            ChannelFuture unused = context.write(Unpooled.wrappedBuffer(item.bytes()), context.voidPromise());
            client.outbox().advance(item.bytes().length);
            written = true;
        }
        if (written) {
            context.flush();
        }
    }

    @Override
    public void resume() {
        readOn();
    }

    @Override
    public void giveUp(int error) {
        ChannelFuture unused = context.close();
    }

    @Override
    public void close() {
        ChannelFuture unused = context.close();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        // A tool that was killed in the middle: nothing of ours is wrong.
        LOG.debug("xenstore socket client failed", cause);
        ChannelFuture unused = ctx.close();
    }
}
