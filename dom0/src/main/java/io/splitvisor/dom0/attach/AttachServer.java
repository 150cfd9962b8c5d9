// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.attach;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.splitvisor.attach.AttachMessages;
import io.splitvisor.dom0.log.GuestLines;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Listens on the attach socket. A guest presents a token that Dom0 made for it, may use it once, and has to be the process
 * that Dom0 started (or a descendant) under Dom0's own user; anybody else is turned away with EACCES.
 *
 * <p>A connection gets its welcome soon after it was made, or is closed; only so many may wait for theirs at a time, and
 * the oldest makes room.
 */
public final class AttachServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(AttachServer.class);
    private static final Duration HELLO_TIME = Duration.ofSeconds(5);

    /** Connections that have not been welcomed. */
    static final int MOST_WAITING = 256;

    private final SecureRandom random = new SecureRandom();
    private final ConcurrentHashMap<String, CompletableFuture<Invitation>> invitations = new ConcurrentHashMap<>();
    private final Set<Channel> waiting = new LinkedHashSet<>();
    private final Duration helloTime;
    private final int uid;
    private final Channel server;

    /** Starts to listen; the socket file must not exist. */
    public AttachServer(Path socket, EventLoopGroup group) {
        this(socket, group, HELLO_TIME);
    }

    /** As above, with another time for a guest to be welcomed. */
    AttachServer(Path socket, EventLoopGroup group, Duration helloTime) {
        this.helloTime = helloTime;
        this.uid = ownUid();
        this.server = new ServerBootstrap()
                .group(group)
                .channel(EpollServerDomainSocketChannel.class)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline().addLast(new AttachHandler(AttachServer.this));
                    }
                })
                .bind(new DomainSocketAddress(socket.toFile()))
                .syncUninterruptibly()
                .channel();
    }

    private static int ownUid() {
        try {
            return (int) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * A fresh token, in hexadecimal digits. Whoever presents it before {@link #invite} waits for the invitation: a process
     * may be quicker than the caller learns its number.
     */
    public String newToken() {
        byte[] bytes = new byte[AttachMessages.TOKEN_BYTES];
        random.nextBytes(bytes);
        String token = HexFormat.of().formatHex(bytes);
        invitations.put(token, new CompletableFuture<>());
        return token;
    }

    /** From now on the token opens the door, once; unless it was revoked before. */
    public void invite(String token, Invitation invitation) {
        CompletableFuture<Invitation> promise = invitations.get(token);
        if (promise != null) {
            promise.complete(invitation);
        }
    }

    /**
     * The token does not open the door any more. When this returns, the invitation's descriptors are not going to be
     * passed on: its owner may close them.
     */
    public void revoke(String token) {
        CompletableFuture<Invitation> promise;
        synchronized (this) {
            promise = invitations.remove(token);
        }
        if (promise != null) {
            promise.cancel(false);
        }
    }

    /** What was promised to whoever presents a token; null for a token that opens nothing. */
    CompletableFuture<Invitation> promise(String token) {
        return invitations.get(token);
    }

    /** Uses a token up; {@code welcome} passes the descriptors on, unless the token was used or revoked meanwhile. */
    synchronized boolean admit(String token, CompletableFuture<Invitation> promise, Runnable welcome) {
        if (!invitations.remove(token, promise)) {
            return false;
        }
        welcome.run();
        return true;
    }

    /** The user that Dom0 runs as. */
    int uid() {
        return uid;
    }

    /** How long a connection may wait for its welcome. */
    Duration helloTime() {
        return helloTime;
    }

    /** A line in the log, but no flood of them for somebody who tries again and again. */
    void complain(String what, Object... details) {
        GuestLines.warn(LOG, GuestLines.NOBODY, what, details);
    }

    void startsToWait(Channel channel) {
        Channel oldest = null;
        synchronized (waiting) {
            waiting.add(channel);
            if (waiting.size() > MOST_WAITING) {
                Iterator<Channel> inOrder = waiting.iterator();
                oldest = inOrder.next();
                inOrder.remove();
            }
        }
        if (oldest != null) {
            oldest.close();
        }
    }

    void waitsNoMore(Channel channel) {
        synchronized (waiting) {
            waiting.remove(channel);
        }
    }

    @Override
    public void close() {
        server.close().syncUninterruptibly();
    }
}
