// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.copy;

/** A progress bar on the console: a line that is written over, at most ten times a second. Thread-safe. */
final class Progress {
    private static final int WIDTH = 40;
    private static final long INTERVAL_NANOS = 100_000_000;
    private static final long MIB = 1 << 20;

    private final String what;
    private final long total;
    private final long start = System.nanoTime();
    private long done;
    private long shown;

    Progress(String what, long totalBytes) {
        this.what = what;
        this.total = totalBytes;
        this.shown = start;
    }

    /** So many bytes more are done. */
    synchronized void add(long bytes) {
        done += bytes;
        long now = System.nanoTime();
        if (now - shown >= INTERVAL_NANOS) {
            shown = now;
            System.out.print("\r" + line(now));
            System.out.flush();
        }
    }

    /** Everything is done: the last line stays. */
    synchronized void finish() {
        System.out.println("\r" + line(System.nanoTime()));
    }

    private String line(long now) {
        int filled = (int) (done * WIDTH / Math.max(total, 1));
        double seconds = Math.max(now - start, 1) / 1e9;
        return what + " [" + "#".repeat(filled) + " ".repeat(WIDTH - filled) + "] " + done * 100 / Math.max(total, 1)
                + " % " + done / MIB + "/" + total / MIB + " MiB, " + Math.round(done / seconds / MIB) + " MiB/s ";
    }
}
