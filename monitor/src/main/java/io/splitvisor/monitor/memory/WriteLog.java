// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.memory;

import io.splitvisor.attach.DomainLayout;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.IntConsumer;

/**
 * Machine pages that others than the guest have written to while a dirty log is kept: answers of hypercalls, grants. Any
 * thread marks, without a lock, and after it has written.
 */
final class WriteLog {
    private volatile AtomicLongArray written;

    /** Begins, empty. */
    void begin(int pages) {
        written = new AtomicLongArray((pages + Long.SIZE - 1) / Long.SIZE);
    }

    void stop() {
        written = null;
    }

    /** Marks a page. */
    void mark(int machine) {
        AtomicLongArray now = written;
        if (now != null && machine < now.length() * Long.SIZE) {
            now.getAndUpdate(machine / Long.SIZE, word -> word | 1L << machine);
        }
    }

    /** Marks the pages of some bytes. */
    void mark(long offset, long bytes) {
        if (written != null && bytes > 0) {
            for (long page = offset / DomainLayout.PAGE_SIZE;
                    page <= (offset + bytes - 1) / DomainLayout.PAGE_SIZE;
                    page++) {
                mark((int) page);
            }
        }
    }

    /** Tells the pages that are marked, and forgets them if they are taken. */
    void read(boolean take, IntConsumer pages) {
        AtomicLongArray now = written;
        for (int i = 0; now != null && i < now.length(); i++) {
            long word = take ? now.getAndSet(i, 0) : now.get(i);
            for (; word != 0; word &= word - 1) {
                pages.accept(i * Long.SIZE + Long.numberOfTrailingZeros(word));
            }
        }
    }
}
