// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.store;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** A request with memory of its own, for tests. */
final class TestRequest extends StoreRequest {
    private static final int PIECES = 256;
    private static final int NOT_DONE = 1;

    private final MemorySegment memory;
    private volatile CountDownLatch done = new CountDownLatch(1);
    private volatile int result = NOT_DONE;
    private volatile int completions;

    TestRequest(Arena arena, int bytes) {
        super(arena, PIECES);
        this.memory = arena.allocate(bytes, 4096);
    }

    /** Reads or writes through pieces of {@code piece} bytes that do not touch each other where there is room. */
    TestRequest prepare(boolean write, long at, int bytes, int piece) {
        restart();
        data().clear();
        for (int from = 0; from < bytes; from += piece) {
            data().add(memory.address() + from, Math.min(piece, bytes - from));
        }
        transfer(write, at);
        return this;
    }

    void restart() {
        done = new CountDownLatch(1);
        result = NOT_DONE;
    }

    TestRequest flushing() {
        restart();
        flush();
        return this;
    }

    TestRequest discarding(long at, long bytes) {
        restart();
        discard(at, bytes);
        return this;
    }

    MemorySegment memory() {
        return memory;
    }

    byte[] bytes(int count) {
        return memory.asSlice(0, count).toArray(ValueLayout.JAVA_BYTE);
    }

    void fill(byte[] bytes) {
        MemorySegment.copy(bytes, 0, memory, ValueLayout.JAVA_BYTE, 0, bytes.length);
    }

    /** Submits it and waits for its result. */
    int run(BlockStore store) {
        int answer = store.submit(this);
        store.push();
        return answer == BlockStore.PENDING ? await() : answer;
    }

    int await() {
        try {
            if (!done.await(30, TimeUnit.SECONDS)) {
                throw new AssertionError("the request is not completed");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
        return result;
    }

    int completions() {
        return completions;
    }

    @Override
    public synchronized void completed(int value) {
        result = value;
        completions++;
        done.countDown();
    }
}
