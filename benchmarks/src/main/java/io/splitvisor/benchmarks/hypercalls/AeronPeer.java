// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.hypercalls;

import io.aeron.Aeron;
import io.aeron.Publication;
import io.aeron.Subscription;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import io.aeron.logbuffer.FragmentHandler;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.UUID;
import org.agrona.concurrent.SleepingMillisIdleStrategy;
import org.agrona.concurrent.UnsafeBuffer;

/** A round trip of 64 bytes through Aeron IPC, one stream there and one back; the driver is embedded, and hardly runs. */
final class AeronPeer implements Libraries.Peer {
    private static final String CHANNEL = "aeron:ipc";
    private static final int THERE = 1;
    private static final int BACK = 2;
    private static final int MESSAGE_BYTES = 64;
    private static final int PER_LOOK = 256;

    private final MediaDriver driver;
    private final Aeron aeron;
    private final Publication there;
    private final Publication back;
    private final Subscription requests;
    private final Subscription responses;
    private final UnsafeBuffer message = new UnsafeBuffer(ByteBuffer.allocateDirect(MESSAGE_BYTES));
    private final Thread server = new Thread(this::serve, "aeron");
    private volatile boolean stopping;
    private long received;

    AeronPeer() {
        Path folder = Path.of(System.getProperty("java.io.tmpdir"), "splitvisor-aeron-" + UUID.randomUUID());
        driver = MediaDriver.launch(new MediaDriver.Context()
                .aeronDirectoryName(folder.toString())
                .dirDeleteOnStart(true)
                .dirDeleteOnShutdown(true)
                .threadingMode(ThreadingMode.SHARED)
                .sharedIdleStrategy(new SleepingMillisIdleStrategy(1)));
        aeron = Aeron.connect(new Aeron.Context()
                .aeronDirectoryName(folder.toString())
                .idleStrategy(new SleepingMillisIdleStrategy(1)));
        requests = aeron.addSubscription(CHANNEL, THERE);
        responses = aeron.addSubscription(CHANNEL, BACK);
        there = aeron.addPublication(CHANNEL, THERE);
        back = aeron.addPublication(CHANNEL, BACK);
        server.setDaemon(true);
        server.start();
    }

    private void serve() {
        FragmentHandler answer = (buffer, offset, length, _) -> {
            while (back.offer(buffer, offset, length) < 0 && !stopping) {
                Thread.onSpinWait();
            }
        };
        while (!stopping) {
            if (requests.poll(answer, 1) == 0) {
                Thread.onSpinWait();
            }
        }
    }

    @Override
    public double measure(long nanos) {
        FragmentHandler taken = (buffer, offset, _, _) -> {
            if (buffer.getLong(offset) != received) {
                throw new IllegalStateException("wrong message");
            }
            received++;
        };
        long begin = System.nanoTime();
        long now = begin;
        long first = received;
        while (now - begin < nanos) {
            for (int i = 0; i < PER_LOOK; i++) {
                long next = received + 1;
                message.putLong(0, received);
                while (there.offer(message, 0, MESSAGE_BYTES) < 0) {
                    Thread.onSpinWait();
                }
                while (received < next) {
                    if (responses.poll(taken, 1) == 0) {
                        Thread.onSpinWait();
                    }
                }
            }
            now = System.nanoTime();
        }
        return (double) (now - begin) / (received - first);
    }

    @Override
    public void close() {
        stopping = true;
        try {
            server.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        aeron.close();
        driver.close();
    }
}
