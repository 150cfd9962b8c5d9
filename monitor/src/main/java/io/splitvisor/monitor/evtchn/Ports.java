// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.evtchn;

import io.splitvisor.abi.XenErrno;
import java.util.BitSet;

/**
 * The ports of one domain, made in buckets as they are needed. A port is looked up without a lock; everything else is done
 * with the lock of all event channels.
 */
final class Ports {
    /** Ports made at a time, as many as Xen makes. */
    private static final int BUCKET = 64;

    /**
     * How many closed ports that still stand in a queue a search passes. Only a guest that takes no events has more of them,
     * and it shall not keep everybody from the lock.
     */
    private static final int MOST_BUSY = 1024;

    private final Port[][] buckets;
    private final BitSet closed = new BitSet();
    private int searchFrom = 1;
    private int open;

    /** Ports below this exist. Written after the bucket, and read before it: nobody sees half of one (row E10). */
    private volatile int valid;

    /** Room for port numbers below {@code most}. */
    Ports(int most) {
        buckets = new Port[(most + BUCKET - 1) / BUCKET][];
        grow();
    }

    /** A port by its number, any 32 bits; null if there is none. Any thread. */
    Port find(int number) {
        if (number < 0 || number >= valid) {
            return null;
        }
        return buckets[number / BUCKET][number % BUCKET];
    }

    /** Ports below this exist. */
    int valid() {
        return valid;
    }

    /** Ports that are not closed. */
    int open() {
        return open;
    }

    private void grow() {
        int first = valid;
        Port[] bucket = new Port[BUCKET];
        for (int i = 0; i < BUCKET; i++) {
            bucket[i] = new Port(first + i);
        }
        buckets[first / BUCKET] = bucket;
        // Port 0 is never valid.
        closed.set(Math.max(1, first), first + BUCKET);
        valid = first + BUCKET;
    }

    /**
     * The lowest port that can be opened.
     *
     * @param limit port numbers are below this
     * @return its number, or -ENOSPC
     */
    int free(int limit, EventDelivery delivery) {
        int busy = 0;
        int port = closed.nextSetBit(searchFrom);
        searchFrom = 1;
        while (port >= 0 && port < limit) {
            if (!delivery.isBusy(find(port))) {
                return port;
            }
            if (++busy == MOST_BUSY) {
                // The next search goes on where this one ends.
                searchFrom = port + 1;
                return -XenErrno.ENOSPC;
            }
            port = closed.nextSetBit(port + 1);
        }
        if (valid < limit) {
            port = valid;
            grow();
            return port;
        }
        return -XenErrno.ENOSPC;
    }

    /** A port from {@link #free} is taken into use. */
    void open(int number, PortState state, int vcpu) {
        closed.clear(number);
        open++;
        find(number).open(state, vcpu);
    }

    /** A port that is open is closed. */
    void close(Port port) {
        port.state(PortState.Closed.INSTANCE);
        port.vcpu(0);
        closed.set(port.number());
        open--;
    }

    /** The first open port from {@code from} on; null if there is none. */
    Port nextOpen(int from) {
        return find(closed.nextClearBit(Math.max(1, from)));
    }
}
