// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.hypercalls;

import java.nio.ByteBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.MessageHandler;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.ringbuffer.OneToOneRingBuffer;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;

/** Messages of 64 bytes through two of Agrona's one-to-one rings, there and back, as many under way as a hypercall ring holds. */
final class AgronaPeer implements Libraries.Peer {
    private static final int MESSAGE_BYTES = 64;
    private static final int UNDER_WAY = 128;
    private static final int BATCH = HypercallGuest.BATCH;
    private static final int TYPE = 1;
    private static final int RING_BYTES = 1 << 16;

    private final OneToOneRingBuffer there = ring();
    private final OneToOneRingBuffer back = ring();
    private final UnsafeBuffer message = new UnsafeBuffer(ByteBuffer.allocateDirect(MESSAGE_BYTES));
    private final Thread server = new Thread(this::serve, "agrona");
    private volatile boolean stopping;
    private long received;

    AgronaPeer() {
        server.setDaemon(true);
        server.start();
    }

    private static OneToOneRingBuffer ring() {
        return new OneToOneRingBuffer(
                new UnsafeBuffer(ByteBuffer.allocateDirect(RING_BYTES + RingBufferDescriptor.TRAILER_LENGTH)));
    }

    private void serve() {
        MessageHandler answer = this::answer;
        while (!stopping) {
            if (there.read(answer, BATCH) == 0) {
                Thread.onSpinWait();
            }
        }
    }

    private void answer(int type, MutableDirectBuffer buffer, int index, int length) {
        while (!back.write(type, buffer, index, length)) {
            Thread.onSpinWait();
        }
    }

    private void count(int type, MutableDirectBuffer buffer, int index, int length) {
        if (type != TYPE || length != MESSAGE_BYTES || buffer.getLong(index) != received) {
            throw new IllegalStateException("wrong message");
        }
        received++;
    }

    @Override
    public double measure(long nanos) {
        MessageHandler taken = this::count;
        long first = received;
        long sent = first;
        long begin = System.nanoTime();
        long now = begin;
        while (now - begin < nanos) {
            for (int round = 0; round < BATCH; round++) {
                while (sent - received < UNDER_WAY) {
                    message.putLong(0, sent);
                    if (!there.write(TYPE, message, 0, MESSAGE_BYTES)) {
                        break;
                    }
                    sent++;
                }
                back.read(taken, BATCH);
            }
            now = System.nanoTime();
        }
        long done = received - first;
        while (received < sent) {
            back.read(taken, BATCH);
        }
        return done * 1e9 / (now - begin);
    }

    @Override
    public void close() {
        stopping = true;
    }
}
