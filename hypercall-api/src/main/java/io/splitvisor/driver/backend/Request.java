// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.backend;

import io.splitvisor.driver.Access;
import io.splitvisor.driver.Field;
import java.lang.foreign.MemorySegment;

/**
 * A request of a front end: a private copy, held against the declaration, which the front end cannot change any more. Made
 * once for each slot of a ring and used again and again, so it means something only until {@link #complete}.
 *
 * <p>Its fields may be read by any thread that has it. Pages are mapped only in the hooks {@link BackendDevice#request} and
 * {@link BackendDevice#resumed}, and may be used by any thread until the request is completed.
 */
public interface Request {
    /** The queue that it came through. */
    int queue();

    /** Its number among the request objects of its queue, below {@link Connection#slots}. */
    int index();

    /** The private copy, for structures within structures and arrays; the request starts at 0. */
    MemorySegment memory();

    /** A field of the request; 32 unsigned bits keep their bits. */
    default int get(Field.OfInt field) {
        return field.get(memory(), 0);
    }

    /** A field of the request; 64 unsigned bits keep their bits. */
    default long get(Field.OfLong field) {
        return field.get(memory(), 0);
    }

    /** A field of the request. */
    default int get(Field.Gref field) {
        return field.get(memory(), 0);
    }

    /**
     * The page that a field names, mapped with the access that is declared. In the hooks only.
     *
     * @throws RefusedException if it cannot be mapped; leave it to the framework, which answers the request with an error
     */
    default GrantedPage page(Field.Gref field) {
        return page(field.get(memory(), 0), field.access() == Access.BACKEND_WRITES);
    }

    /** As above, for a reference from wherever. */
    GrantedPage page(int gref, boolean writable);

    /**
     * Maps a page for those who want an address for a system call. In the hooks only.
     *
     * @return the address of its first byte, or a negative GNTST status
     */
    long map(int gref, boolean writable);

    /**
     * Copies from a page that is mapped only for that. In the hooks only.
     *
     * @param from first byte in the page
     * @return 0, or a negative GNTST status
     */
    int copyFrom(int gref, long from, MemorySegment to, long at, long bytes);

    /** The response that is being made, for structures within structures and arrays; it starts at 0. */
    MemorySegment response();

    /** Sets a field of the response. */
    default void set(Field.OfInt field, int value) {
        field.set(response(), 0, value);
    }

    /** Sets a field of the response. */
    default void set(Field.OfLong field, long value) {
        field.set(response(), 0, value);
    }

    /**
     * Answers the request: with what was set, or zeroes, and the declared status for success unless {@link #fail} was called.
     * Its pages are unmapped, or kept for the next request where grants are persistent. Any thread; once.
     */
    void complete();

    /** Sets the declared status for errors, and answers the request. Any thread. */
    void fail();

    /** Sets the declared status for operations that are not offered, and answers the request. Any thread. */
    void unsupported();

    /** Sets a status, and answers the request. Any thread. */
    void fail(long status);

    /** Has the request handed to {@link BackendDevice#resumed}, because its thread has to do something more. Any thread. */
    void resume();

    /**
     * Wants this request to be alone on its queue. In {@link BackendDevice#request} only, before anything else is done.
     *
     * @return true if it is alone: everything that came before it is answered, and nothing that comes after it is taken before
     *     it is. False if it has to wait: return, and the request is handed over again when it is alone
     */
    boolean exclusive();

    /** Counts bytes that were moved for this request. A response that moved many is announced without waiting for others. */
    void moved(long bytes);

    /** When the framework began to hand over the batch that this is part of, by {@link System#nanoTime}. In the hooks only. */
    long batchTime();

    /** Attaches something to the object, which stays attached from request to request. */
    void attach(Object attachment);

    /** What was attached; null if nothing was. */
    Object attachment();
}
