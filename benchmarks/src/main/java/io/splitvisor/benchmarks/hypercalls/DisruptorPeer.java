// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.hypercalls;

import com.lmax.disruptor.BusySpinWaitStrategy;
import com.lmax.disruptor.RingBuffer;
import com.lmax.disruptor.dsl.Disruptor;
import com.lmax.disruptor.dsl.ProducerType;
import com.lmax.disruptor.util.DaemonThreadFactory;

/** A round trip through two Disruptors, one there and one back, with one producer each; both ends spin. */
final class DisruptorPeer implements Libraries.Peer {
    private static final int SLOTS = 128;
    private static final int PER_LOOK = 256;

    private final Disruptor<Entry> there = new Disruptor<>(
            Entry::new, SLOTS, DaemonThreadFactory.INSTANCE, ProducerType.SINGLE, new BusySpinWaitStrategy());
    private final RingBuffer<Entry> back =
            RingBuffer.createSingleProducer(Entry::new, SLOTS, new BusySpinWaitStrategy());
    private final com.lmax.disruptor.Sequence taken = new com.lmax.disruptor.Sequence();

    /** As many words as a hypercall has. */
    private static final class Entry {
        private long value;
    }

    DisruptorPeer() {
        back.addGatingSequences(taken);
        there.handleEventsWith((entry, _, _) -> send(back, entry.value + 1));
        there.start();
    }

    private static void send(RingBuffer<Entry> ring, long value) {
        long sequence = ring.next();
        ring.get(sequence).value = value;
        ring.publish(sequence);
    }

    @Override
    public double measure(long nanos) {
        long begin = System.nanoTime();
        long now = begin;
        long rounds = 0;
        while (now - begin < nanos) {
            for (int i = 0; i < PER_LOOK; i++) {
                send(there.getRingBuffer(), i);
                long next = taken.get() + 1;
                while (back.getCursor() < next) {
                    Thread.onSpinWait();
                }
                if (back.get(next).value != i + 1) {
                    throw new IllegalStateException("wrong answer");
                }
                taken.set(next);
                rounds++;
            }
            now = System.nanoTime();
        }
        return (double) (now - begin) / rounds;
    }

    @Override
    public void close() {
        there.halt();
    }
}
