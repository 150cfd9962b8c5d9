// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.attach;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.unix.FileDescriptor;
import io.netty.channel.unix.PeerCredentials;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.util.concurrent.Future;
import io.splitvisor.attach.AttachMessages;
import io.splitvisor.attach.AttachMessages.Welcome;
import io.splitvisor.host.Errno;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One connection to the attach socket: hello, welcome, descriptors; then nothing, until it ends. */
final class AttachHandler extends ByteToMessageDecoder {
    private static final Logger LOG = LoggerFactory.getLogger(AttachHandler.class);

    private final AttachServer server;
    private Future<?> deadline;
    private PeerCredentials peer;
    private Invitation.Guest guest;
    private boolean greeted;

    AttachHandler(AttachServer server) {
        this.server = server;
    }

    @Override
    public void channelActive(ChannelHandlerContext context) throws Exception {
        peer = ((EpollDomainSocketChannel) context.channel()).peerCredentials();
        // One deadline for all of the hello: one that trickles in byte by byte does not win time.
        deadline = context.executor()
                .schedule(
                        () -> {
                            server.complain("attach: process {} was not welcomed in time", peer.pid());
                            context.close();
                        },
                        server.helloTime().toMillis(),
                        TimeUnit.MILLISECONDS);
        server.startsToWait(context.channel());
        super.channelActive(context);
    }

    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) {
        if (greeted) {
            // Nothing is due after the hello; whoever talks on is not heard.
            in.skipBytes(in.readableBytes());
            return;
        }
        if (in.readableBytes() < AttachMessages.HELLO_BYTES) {
            return;
        }
        greeted = true;
        byte[] hello = new byte[AttachMessages.HELLO_BYTES];
        in.readBytes(hello);
        byte[] token = AttachMessages.tokenOf(hello);
        if (token == null) {
            refuse(context, Errno.EINVAL, "no hello of this version");
            return;
        }
        String digits = HexFormat.of().formatHex(token);
        CompletableFuture<Invitation> promise = server.promise(digits);
        if (promise == null) {
            refuse(context, Errno.EACCES, "unknown token");
            return;
        }
        // It is Dom0 now that it waits for, while its domain is made.
        deadline.cancel(false);
        promise.whenComplete((invitation, revoked) -> context.executor().execute(() -> {
            if (revoked != null) {
                refuse(context, Errno.EACCES, "the token was revoked");
            } else {
                admit(context, digits, promise, invitation);
            }
        }));
    }

    private void admit(
            ChannelHandlerContext context, String token, CompletableFuture<Invitation> promise, Invitation invitation) {
        if (!context.channel().isActive()) {
            return;
        }
        // The token stays good: whoever stole it does not spoil it for the guest.
        if (peer.uid() != server.uid() || !isOrDescendsFrom(peer.pid(), invitation.pid())) {
            refuse(context, Errno.EACCES, "process " + peer.pid() + " of user " + peer.uid() + " is not the guest");
            return;
        }
        if (!server.admit(token, promise, () -> passOn(context, invitation))) {
            refuse(context, Errno.EACCES, "the token is used up");
            return;
        }
        stopWaiting(context);
        guest = invitation.guest();
        guest.attached();
    }

    /** Descriptors are numbers: what is not on its way when this returns must never be, they may mean something else then. */
    private void passOn(ChannelHandlerContext context, Invitation invitation) {
        ChannelFuture last = context.write(Unpooled.wrappedBuffer(AttachMessages.encode(invitation.welcome())));
        for (int descriptor : invitation.descriptors()) {
            last = context.write(new FileDescriptor(descriptor));
        }
        context.flush();
        if (!last.isSuccess()) {
            server.complain("attach: the welcome could not be sent: {}", String.valueOf(last.cause()));
            context.close();
        }
    }

    private void refuse(ChannelHandlerContext context, int errno, String why) {
        server.complain("attach refused: {}", why);
        context.writeAndFlush(Unpooled.wrappedBuffer(AttachMessages.encode(Welcome.refused(errno))))
                .addListener(ChannelFutureListener.CLOSE);
    }

    private static boolean isOrDescendsFrom(int pid, long ancestor) {
        ProcessHandle process = ProcessHandle.of(pid).orElse(null);
        while (process != null) {
            if (process.pid() == ancestor) {
                return true;
            }
            process = process.parent().orElse(null);
        }
        return false;
    }

    private void stopWaiting(ChannelHandlerContext context) {
        if (deadline != null) {
            deadline.cancel(false);
        }
        server.waitsNoMore(context.channel());
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) throws Exception {
        stopWaiting(context);
        super.channelInactive(context);
        if (guest != null) {
            guest.detached();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        LOG.debug("attach connection failed", cause);
        context.close();
    }
}
