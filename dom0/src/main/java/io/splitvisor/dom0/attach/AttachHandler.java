// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.attach;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.unix.FileDescriptor;
import io.netty.channel.unix.PeerCredentials;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.splitvisor.attach.AttachMessages;
import io.splitvisor.attach.AttachMessages.Welcome;
import io.splitvisor.host.Errno;
import java.io.IOException;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One connection to the attach socket: hello, welcome, descriptors; then nothing, until it ends. */
final class AttachHandler extends ByteToMessageDecoder {
    private static final Logger LOG = LoggerFactory.getLogger(AttachHandler.class);

    private final AttachServer server;
    private Invitation.Guest guest;
    private boolean greeted;

    AttachHandler(AttachServer server) {
        this.server = server;
    }

    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) throws IOException {
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
        Invitation invitation = server.take(token);
        if (invitation == null) {
            refuse(context, Errno.EACCES, "unknown token");
            return;
        }
        PeerCredentials peer = ((EpollDomainSocketChannel) context.channel()).peerCredentials();
        if (peer.uid() != ownUid() || !isOrDescendsFrom(peer.pid(), invitation.pid())) {
            server.putBack(token, invitation);
            refuse(context, Errno.EACCES, "process " + peer.pid() + " of user " + peer.uid() + " is not the guest");
            return;
        }
        welcome(context, invitation);
    }

    private void welcome(ChannelHandlerContext context, Invitation invitation) {
        guest = invitation.guest();
        context.pipeline().remove("timeout");
        context.write(Unpooled.wrappedBuffer(AttachMessages.encode(invitation.welcome())));
        for (int descriptor : invitation.descriptors()) {
            context.write(new FileDescriptor(descriptor));
        }
        context.writeAndFlush(Unpooled.EMPTY_BUFFER);
        guest.attached();
    }

    private static void refuse(ChannelHandlerContext context, int errno, String why) {
        LOG.warn("attach refused: {}", why);
        context.writeAndFlush(Unpooled.wrappedBuffer(AttachMessages.encode(Welcome.refused(errno))))
                .addListener(ChannelFutureListener.CLOSE);
    }

    private static int ownUid() throws IOException {
        return (int) java.nio.file.Files.getAttribute(java.nio.file.Path.of("/proc/self"), "unix:uid");
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

    @Override
    public void channelInactive(ChannelHandlerContext context) throws Exception {
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
