// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.store;

import java.lang.foreign.Arena;

/**
 * One request to a {@link BlockStore}, made once and used again and again. It belongs to the store from {@link
 * BlockStore#submit} until its result is known, and to its maker otherwise.
 */
public abstract class StoreRequest {
    /** What is to be done. */
    public enum Operation {
        /** Fills the data's memory from the disk. */
        READ,
        /** Puts the data's memory on the disk. */
        WRITE,
        /** Makes everything durable whose write had its result before this request was submitted. */
        FLUSH,
        /** Gives a range back; what it reads as afterwards is the store's choice. */
        DISCARD
    }

    private final IoVector data;
    private Operation operation = Operation.FLUSH;
    private long offset;
    private long length;
    private long started;
    private long finished;

    /**
     * @param arena holds the native part
     * @param pieces the most pieces of memory that a request can name
     */
    protected StoreRequest(Arena arena, int pieces) {
        this.data = new IoVector(arena, pieces);
    }

    /** The memory to read into or write from. The store may consume it. */
    public final IoVector data() {
        return data;
    }

    /** What is to be done. */
    public final Operation operation() {
        return operation;
    }

    /** Where on the disk, in bytes; a multiple of the store's sector size. */
    public final long offset() {
        return offset;
    }

    /** How much of the disk, in bytes; a multiple of the store's sector size. */
    public final long length() {
        return length;
    }

    /** Describes a read or write of all of {@link #data}. */
    public final void transfer(boolean write, long at) {
        operation = write ? Operation.WRITE : Operation.READ;
        offset = at;
        length = data.bytes();
    }

    /** Describes a flush. */
    public final void flush() {
        operation = Operation.FLUSH;
        offset = 0;
        length = 0;
    }

    /** Describes a discard. */
    public final void discard(long at, long bytes) {
        operation = Operation.DISCARD;
        offset = at;
        length = bytes;
    }

    /** Notes when the request came, by {@link System#nanoTime}: reading the clock costs too much to do it twice. */
    public final void started(long nanos) {
        started = nanos;
        finished = nanos;
    }

    /** When the request came. */
    public final long started() {
        return started;
    }

    /** A store that has looked at the clock after a request says so. */
    final void finished(long nanos) {
        finished = nanos;
    }

    /** When the store was done with it; {@link #started} if it did not look at the clock. */
    public final long finished() {
        return finished;
    }

    /**
     * The store is done with a request that {@link BlockStore#submit} left pending. Called once, by any thread; it must
     * not block.
     *
     * @param result 0, or a negative Linux errno
     */
    public abstract void completed(int result);
}
