// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.netty;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.concurrent.TimeUnit;

/** Netty's event loops of one thread. */
public final class EventLoops {
    private EventLoops() {}

    /** A loop with a daemon thread of this name. */
    public static EventLoopGroup one(String name) {
        return asleep(
                new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory(name, true), EpollIoHandler.newFactory()));
    }

    /**
     * Has a group's first loop sleep until something happens: one that has nothing to do at any time in the future wakes up once
     * a second to see whether that is still so.
     */
    public static <G extends EventLoopGroup> G asleep(G group) {
        Object unused = group.next().scheduleAtFixedRate(() -> {}, 1, 1, TimeUnit.DAYS);
        return group;
    }
}
