// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.management;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.splitvisor.dom0.toolstack.ConsoleStream;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * A console over a connection: bytes both ways. Reading from the client stops while the guest does not take what came before,
 * reading from the guest while the client does not, so that nothing here grows.
 */
final class ConsoleBridge extends SimpleChannelInboundHandler<ByteBuf> {
    private static final int CHUNK = 4096;

    private final ConsoleStream console;
    private final ExecutorService toGuest = Executors.newSingleThreadExecutor(
            Thread.ofVirtual().name("console-input").factory());

    ConsoleBridge(ConsoleStream console) {
        this.console = console;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        ctx.channel().config().setAutoRead(false);
        ctx.channel().closeFuture().addListener(_ -> Thread.ofVirtual().start(() -> {
            console.close();
            toGuest.shutdown();
        }));
        Thread.ofVirtual().name("console-output").start(() -> fromGuest(ctx));
        ctx.read();
    }

    private void fromGuest(ChannelHandlerContext ctx) {
        var chunk = new byte[CHUNK];
        for (int n = console.read(chunk, 0, CHUNK); n > 0; n = console.read(chunk, 0, CHUNK)) {
            ctx.writeAndFlush(Unpooled.copiedBuffer(chunk, 0, n)).awaitUninterruptibly();
            if (!ctx.channel().isActive()) {
                return;
            }
        }
        ctx.close();
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, ByteBuf message) {
        var bytes = new byte[message.readableBytes()];
        message.readBytes(bytes);
        toGuest.execute(() -> {
            try {
                console.write(bytes, 0, bytes.length);
            } catch (RuntimeException _) {
                ctx.close(); // the domain is gone
            }
        });
    }

    /** The next read comes after all that this one brought has been written. */
    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        toGuest.execute(ctx::read);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        ctx.close();
    }
}
