// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.management;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.timeout.IdleStateHandler;
import io.netty.util.concurrent.GlobalEventExecutor;
import io.splitvisor.dom0.netty.EventLoops;
import io.splitvisor.dom0.toolstack.Toolstack;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Serves the management API on a Unix socket. One event loop moves bytes; every request runs on a virtual thread of its own,
 * since the toolstack may block. A connection has one request at a time; there are at most {@link #MAX_CONNECTIONS}.
 */
public final class ManagementServer implements AutoCloseable {
    /** The longest body of a request, in bytes: a configuration and some. */
    public static final int MAX_BODY = 2 << 20;

    /** Connections at once; the next one is told to come later. */
    public static final int MAX_CONNECTIONS = 256;

    private static final int MAX_LINE = 8 << 10;
    private static final int MAX_HEADERS = 16 << 10;
    private static final Duration IDLE = Duration.ofSeconds(60);

    private final EventLoopGroup loop;
    private final ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    private final Channel listener;
    private final Path socket;
    private final AtomicBoolean closed = new AtomicBoolean();

    private ManagementServer(Path socket, Routes routes, Duration idle) {
        this.socket = socket;
        this.loop = EventLoops.one("management");
        try {
            listener = new ServerBootstrap()
                    .group(loop)
                    .channel(EpollServerDomainSocketChannel.class)
                    .childHandler(new ChannelInitializer<Channel>() {
                        @Override
                        protected void initChannel(Channel channel) {
                            connections.add(channel);
                            boolean full = connections.size() > MAX_CONNECTIONS;
                            var config = new HttpDecoderConfig()
                                    .setMaxInitialLineLength(MAX_LINE)
                                    .setMaxHeaderSize(MAX_HEADERS);
                            channel.pipeline()
                                    .addLast(new IdleStateHandler(idle.toMillis(), 0, 0, TimeUnit.MILLISECONDS))
                                    .addLast(new HttpServerCodec(config))
                                    .addLast(new HttpObjectAggregator(MAX_BODY))
                                    .addLast(new RequestHandler(routes, full));
                        }
                    })
                    .bind(new DomainSocketAddress(socket.toFile()))
                    .syncUninterruptibly()
                    .channel();
            Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-------"));
        } catch (IOException e) {
            loop.shutdownGracefully(0, 0, TimeUnit.SECONDS);
            throw new UncheckedIOException(e);
        } catch (RuntimeException e) {
            loop.shutdownGracefully(0, 0, TimeUnit.SECONDS);
            throw e;
        }
    }

    /**
     * Starts serving.
     *
     * @param socket where; nothing must be there, and the folder must be private
     * @param toolstack what to serve
     * @param stop how Dom0 ends on request
     */
    public static ManagementServer start(Path socket, Toolstack toolstack, Stop stop) {
        return start(socket, toolstack, stop, IDLE);
    }

    static ManagementServer start(Path socket, Toolstack toolstack, Stop stop, Duration idle) {
        return new ManagementServer(socket, new Routes(toolstack, stop), idle);
    }

    /** How Dom0 ends on request: first the domains, then, when the answer is out, itself. */
    public interface Stop {
        /** Shuts all domains down, and destroys those that are still there after the grace period. */
        void domains(Duration grace);

        /** Closes Dom0. Returns at once. */
        void dom0();
    }

    /** Where it serves. */
    public Path socket() {
        return socket;
    }

    /** Closes all connections and the socket, and deletes it. */
    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        listener.close().syncUninterruptibly();
        connections.close().awaitUninterruptibly(2, TimeUnit.SECONDS);
        loop.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly(3, TimeUnit.SECONDS);
        try {
            Files.deleteIfExists(socket);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
