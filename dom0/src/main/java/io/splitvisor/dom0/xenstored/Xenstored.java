// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.xenstored;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SingleThreadIoEventLoop;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.RejectedExecutionHandlers;
import io.splitvisor.dom0.netty.EventLoops;
import io.splitvisor.host.SocketPath;
import io.splitvisor.xenstore.Xenstore;
import io.splitvisor.xenstore.XenstoreConnection;
import io.splitvisor.xenstore.XenstoreException;
import io.splitvisor.xenstore.XsError;
import io.splitvisor.xenstore.XsWire;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * The xenstore daemon. It runs on one thread of its own; every method here may be called from any other, except that
 * {@link DomainRings} must not call back.
 *
 * <p>Domains reach it over their rings ({@link #introduce}, {@link #domainEvent}), the control domain's tools over a Unix
 * socket ({@link #listen}), Dom0's own code without a detour ({@link #connect}).
 */
public final class Xenstored implements AutoCloseable {
    private final MultiThreadIoEventLoopGroup group;
    private final EventLoop loop;
    private final XenstoreCore core;
    private final AtomicReferenceArray<RingLink> links = new AtomicReferenceArray<>(XsWire.DOMID_FIRST_RESERVED);
    private Channel server;
    private Path socket;

    private Xenstored(DomainRings rings) {
        group = EventLoops.asleep(new OneLoop());
        loop = group.next();
        core = new XenstoreCore(rings, System::nanoTime);
        core.attach(new Rings());
    }

    /** Starts a daemon with an empty store: {@code /tool/xenstored}, and nobody introduced but Dom0. */
    public static Xenstored start(DomainRings rings) {
        return new Xenstored(rings);
    }

    /**
     * Serves a Unix socket, which only this user may connect to. Everybody who can is the control domain.
     *
     * @throws XenstoreException EBUSY if somebody serves that path, EIO if it cannot be served
     */
    public synchronized void listen(Path path) {
        if (server != null) {
            throw new IllegalStateException("already listening on " + socket);
        }
        try {
            if (!SocketPath.makeRoom(path)) {
                throw new XenstoreException(XsError.EBUSY, "listen", path.toString());
            }
            if (path.getParent() != null) {
                Files.createDirectories(path.getParent());
            }
            server = new ServerBootstrap()
                    .group(group)
                    .channel(EpollServerDomainSocketChannel.class)
                    .childOption(ChannelOption.AUTO_READ, false)
                    .childHandler(new ChannelInitializer<Channel>() {
                        @Override
                        protected void initChannel(Channel channel) {
                            channel.pipeline().addLast(new SocketLink(core));
                        }
                    })
                    .bind(new DomainSocketAddress(path.toFile()))
                    .syncUninterruptibly()
                    .channel();
            socket = path;
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
        } catch (IOException e) {
            throw new XenstoreException(XsError.EIO, "listen", path.toString(), e);
        }
    }

    /**
     * Talks with a domain from now on. Its rings are emptied, its features set; {@code @introduceDomain} fires if it was
     * not introduced before.
     *
     * @param page {@code struct xenstore_domain_interface}, accessible until {@link #release}
     * @param notify signals the domain's event channel; quick
     */
    public void introduce(int domid, MemorySegment page, Runnable notify) {
        if (domid <= 0 || domid >= XsWire.DOMID_FIRST_RESERVED) {
            throw new XenstoreException(XsError.EINVAL, "INTRODUCE", Integer.toString(domid));
        }
        call(() -> core.introduce(domid, new RingPage(page, notify)));
    }

    /** The domain's event channel fired. Cheap; many before xenstored looks are like one. */
    public void domainEvent(int domid) {
        RingLink link = links.getAcquire(domid);
        if (link != null) {
            link.signal();
        }
    }

    /** The domain has shut down or crashed, and still exists: {@code @releaseDomain} fires, once until RESUME. */
    public void shutDown(int domid) {
        call(() -> core.shutDown(domid));
    }

    /**
     * The domain is gone: its connections, watches, transactions, nodes and every permission that names it go too, and
     * {@code @releaseDomain} fires. To be called for every domain that ceases to exist, introduced or not; its page is not
     * touched after this returns.
     */
    public void release(int domid) {
        call(() -> core.release(domid));
    }

    /** A connection with the rights of Dom0. */
    public Xenstore connect() {
        return connect(0);
    }

    /** A connection with the rights and quotas of a domain; it ends when the domain is released. */
    public Xenstore connect(int domid) {
        return new XenstoreConnection(new LocalTransport(new Own(), core, domid));
    }

    /** Stops. Clients' requests fail with EIO. */
    @Override
    public synchronized void close() {
        if (server != null) {
            server.close().syncUninterruptibly();
            server = null;
        }
        try {
            call(() -> {
                for (Client client : new ArrayList<>(core.clients())) {
                    core.disconnect(client);
                }
            });
        } catch (XenstoreException e) {
            // Closed before.
            return;
        }
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
        try {
            if (socket != null) {
                Files.deleteIfExists(socket);
            }
        } catch (IOException e) {
            throw new XenstoreException(XsError.EIO, "close", socket.toString(), e);
        }
    }

    /** Runs a task on the daemon's thread and waits for it. */
    private void call(Runnable task) {
        if (loop.inEventLoop()) {
            task.run();
            core.settle();
            return;
        }
        try {
            loop.submit(() -> {
                        task.run();
                        core.settle();
                    })
                    .syncUninterruptibly();
        } catch (RejectedExecutionException e) {
            throw new XenstoreException(XsError.EIO, "call", "xenstored stopped", e);
        }
    }

    /** The daemon's thread, for connections of Dom0's own code. */
    private final class Own implements CoreThread {
        @Override
        public boolean isOwnThread() {
            return loop.inEventLoop();
        }

        @Override
        public void execute(Runnable task) {
            loop.execute(task);
        }

        @Override
        public void call(Runnable task) {
            Xenstored.this.call(task);
        }
    }

    /** One thread that looks after its sockets often, even while rings keep it busy. */
    private static final class OneLoop extends MultiThreadIoEventLoopGroup {
        private static final long TASKS_MILLIS = 1;

        OneLoop() {
            super(1, new DefaultThreadFactory("xenstored", true), EpollIoHandler.newFactory());
        }

        @Override
        protected IoEventLoop newChild(Executor executor, IoHandlerFactory factory, Object... unused) {
            return new SingleThreadIoEventLoop(
                    this, executor, factory, Integer.MAX_VALUE, RejectedExecutionHandlers.reject(), TASKS_MILLIS);
        }
    }

    /** Rings of domains, and the way to them for event channels. */
    private final class Rings implements DomainLinks, Timers {
        @Override
        public void open(DomainState domain, RingPage page) {
            RingLink link = links.getPlain(domain.domid());
            if (link == null || !core.clients().contains(link.client())) {
                Client client = core.connect(domain);
                link = new RingLink(core, client, this);
                client.attach(link);
            }
            link.open(page);
            links.setRelease(domain.domid(), link);
        }

        @Override
        public void forget(int domid) {
            links.setRelease(domid, null);
        }

        @Override
        public void execute(Runnable task) {
            try {
                loop.execute(task);
            } catch (RejectedExecutionException e) {
                // The daemon has stopped; there is nobody to talk with the domain.
                return;
            }
        }

        @Override
        public void schedule(Runnable task, long delay, TimeUnit unit) {
            Object unused = loop.schedule(task, delay, unit);
        }
    }
}
