// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.attach;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.handler.timeout.ReadTimeoutHandler;
import io.splitvisor.attach.AttachMessages;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Listens on the attach socket. A guest presents a token that Dom0 made for it, may use it once, and has to be the process
 * that Dom0 started (or a descendant) under Dom0's own user; anybody else is turned away with EACCES.
 */
public final class AttachServer implements AutoCloseable {
    private static final int HELLO_SECONDS = 5;

    private final SecureRandom random = new SecureRandom();
    private final ConcurrentHashMap<String, Invitation> invitations = new ConcurrentHashMap<>();
    private final Channel server;

    /** Starts to listen; the socket file must not exist. */
    public AttachServer(Path socket, EventLoopGroup group) {
        server = new ServerBootstrap()
                .group(group)
                .channel(EpollServerDomainSocketChannel.class)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline()
                                .addLast("timeout", new ReadTimeoutHandler(HELLO_SECONDS))
                                .addLast(new AttachHandler(AttachServer.this));
                    }
                })
                .bind(new DomainSocketAddress(socket.toFile()))
                .syncUninterruptibly()
                .channel();
    }

    /** A fresh token, in hexadecimal digits. */
    public String newToken() {
        byte[] token = new byte[AttachMessages.TOKEN_BYTES];
        random.nextBytes(token);
        return HexFormat.of().formatHex(token);
    }

    /** From now on the token opens the door, once. */
    public void invite(String token, Invitation invitation) {
        invitations.put(token, invitation);
    }

    /** The token does not open the door any more. */
    public void revoke(String token) {
        invitations.remove(token);
    }

    /** Takes the invitation of a token, if there is one. */
    Invitation take(byte[] token) {
        return invitations.remove(HexFormat.of().formatHex(token));
    }

    /** Puts back an invitation that somebody else tried to use. */
    void putBack(byte[] token, Invitation invitation) {
        invitations.put(HexFormat.of().formatHex(token), invitation);
    }

    @Override
    public void close() {
        server.close().syncUninterruptibly();
    }
}
