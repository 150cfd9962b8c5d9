// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.backend;

import java.lang.foreign.MemorySegment;

/**
 * A page of the front end, mapped until its request is completed. The front end may change it at any time: read once, into
 * private memory, what is to be checked.
 */
public interface GrantedPage {
    /** Bytes in a page. */
    int SIZE = 4096;

    /** The page, and nothing else. Makes an object, which the compiler often removes; the copies below do not. */
    MemorySegment segment();

    /**
     * Copies out of the page.
     *
     * @param from first byte in the page
     * @throws IndexOutOfBoundsException if not all of it lies in the page
     */
    void read(long from, MemorySegment to, long at, long bytes);

    /**
     * Copies into the page, which was mapped for writing.
     *
     * @param to first byte in the page
     * @throws IndexOutOfBoundsException if not all of it lies in the page
     */
    void write(long to, MemorySegment from, long at, long bytes);
}
