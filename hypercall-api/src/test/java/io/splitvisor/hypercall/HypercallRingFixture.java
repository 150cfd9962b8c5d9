// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.hypercall;

import io.splitvisor.abi.Hypercall;
import io.splitvisor.abi.MulticallEntry;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.evtchn.EventChannelOp;
import io.splitvisor.abi.evtchn.EvtchnAllocUnbound;
import io.splitvisor.host.EventFd;
import io.splitvisor.host.Poll;
import io.splitvisor.ring.BackRing;
import io.splitvisor.ring.Doorbell;
import io.splitvisor.ring.SharedRing;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;

/** A ring with its front end, and a Dom0 that adds up, in one process. */
abstract class HypercallRingFixture {
    static final int RING_BYTES = 4 * 4096;
    static final int SLOTS = 128;
    static final long RSP_PROD = 8;
    static final long CALL_ARGUMENTS = RING_BYTES;
    static final long BATCH_ARGUMENTS = CALL_ARGUMENTS + Hypercalls.ARGUMENT_BYTES;
    static final long ASLEEP = BATCH_ARGUMENTS + 64 * 1024;
    static final int ADD = 77;

    final MemorySegment memory = Arena.ofAuto().allocate(ASLEEP + 4096, 4096);
    final MemorySegment pages = memory.asSlice(0, RING_BYTES);
    final EventFd bellToDom0 = EventFd.create();
    final EventFd bellToGuest = EventFd.create();
    final Doorbell guestBell = new Doorbell(memory, ASLEEP, bellToGuest);
    final Sleep sleep = new Sleep();
    final HypercallRing ring;
    final BackRing back;
    final AtomicInteger nextPort = new AtomicInteger(10);
    volatile boolean serving;
    Thread server;

    HypercallRingFixture() {
        SharedRing.init(pages);
        ring = new HypercallRing(pages, bellToDom0, sleep);
        back = BackRing.init(pages, MulticallEntry.SIZE);
    }

    /** Nobody owns the sleep, unless a test says so. */
    final class Sleep implements UpcallSleep {
        volatile Thread owner;

        @Override
        public boolean isOwner() {
            return Thread.currentThread() == owner;
        }

        @Override
        public void arm() {
            guestBell.arm();
        }

        @Override
        public void sleep(int millis) {
            try (Poll poll = new Poll(bellToGuest.fd())) {
                poll.await(millis);
            }
        }

        @Override
        public void disarm() {
            guestBell.disarm();
        }
    }

    @AfterEach
    void stop() throws InterruptedException {
        serving = false;
        if (server != null) {
            server.join();
        }
        bellToDom0.close();
        bellToGuest.close();
    }

    HypercallBatch batch(int capacity) {
        return new HypercallBatch(ring, capacity, memory, BATCH_ARGUMENTS);
    }

    /** Serves all that is there; every result is the sum of two arguments, unless it is an event channel operation. */
    int serve() {
        int count = back.unconsumedRequests();
        for (int i = 0; i < count; i++) {
            MemorySegment call = back.takeRequest();
            long result;
            if (MulticallEntry.op(call, 0) == Hypercall.EVENT_CHANNEL_OP) {
                long argument = MulticallEntry.args(call, 0, 1);
                result = eventChannelOp(
                        (int) MulticallEntry.args(call, 0, 0), argument, (int) MulticallEntry.args(call, 0, 2));
            } else {
                result = MulticallEntry.args(call, 0, 0) + MulticallEntry.args(call, 0, 5);
            }
            MulticallEntry.result(back.claimResponse(), 0, result);
        }
        if (count > 0 && back.pushResponsesAndCheckNotify()) {
            guestBell.ring();
        }
        return count;
    }

    long eventChannelOp(int command, long argument, int port) {
        if (command == EventChannelOp.ALLOC_UNBOUND) {
            EvtchnAllocUnbound.port(memory, argument, nextPort.getAndIncrement());
            return 0;
        }
        return port == 0 ? -XenErrno.EINVAL : 0;
    }

    /** A Dom0 that sleeps between calls, on its bell as the protocol has it. */
    void startServer(long delayNanos) {
        serving = true;
        server = new Thread(() -> {
            try (Poll poll = new Poll(bellToDom0.fd())) {
                while (serving) {
                    if (back.finalCheckForRequests() == 0) {
                        poll.await(20);
                        bellToDom0.drain();
                    }
                    if (delayNanos > 0 && back.unconsumedRequests() > 0) {
                        LockSupport.parkNanos(delayNanos);
                    }
                    serve();
                }
            }
        });
        server.start();
    }

    /** An upcall thread as a vCPU has it, for the length of a test. */
    Thread startUpcallThread() {
        Thread thread = new Thread(() -> {
            while (serving) {
                guestBell.arm();
                if (ring.hasWork()) {
                    ring.takeResponses();
                } else {
                    sleep.sleep(20);
                }
                guestBell.disarm();
            }
        });
        sleep.owner = thread;
        thread.start();
        return thread;
    }
}
