// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.domain;

import io.splitvisor.dom0.block.BlockStatistics;
import io.splitvisor.dom0.block.VirtualDisk;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What domains did, disk by disk: kept from their ends, and printed when a setup is over. Thread-safe, and bounded: a
 * setup that restarts for ever keeps the latest.
 */
final class Summary {
    private static final int ROWS = 1000;
    private static final String HEADER = String.format(
            Locale.ROOT,
            "%-16s %-6s %10s %10s %9s %9s %9s %9s %10s",
            "Name",
            "Vdev",
            "Read MiB",
            "Write MiB",
            "IOPS",
            "p50 us",
            "p99 us",
            "Notify/rq",
            "Hypercalls");

    private final List<String> rows = new ArrayList<>();

    /** Keeps what a domain did; to be called before its disks are taken away. */
    synchronized void add(GuestDomain guest, List<VirtualDisk> disks) {
        double seconds = Math.max(
                1e-3, Duration.between(guest.info().created(), Instant.now()).toNanos() / 1e9);
        for (VirtualDisk disk : disks) {
            rows.add(row(guest.config().name(), disk, seconds, guest.hypercalls()));
        }
        while (rows.size() > ROWS) {
            rows.removeFirst();
        }
    }

    private static String row(String name, VirtualDisk disk, double seconds, long hypercalls) {
        BlockStatistics s = disk.statistics();
        long requests = s.requests();
        return String.format(
                Locale.ROOT,
                "%-16s %-6s %10.1f %10.1f %9.0f %9.1f %9.1f %9.3f %10d",
                name,
                disk.name(),
                s.readSectors() / 2048.0,
                s.writeSectors() / 2048.0,
                requests / seconds,
                percentileMicros(s.latencyHistogram(), 0.50),
                percentileMicros(s.latencyHistogram(), 0.99),
                requests == 0 ? 0 : (double) s.notificationsSent() / requests,
                hypercalls);
    }

    /** A percentile from the histogram of powers of two: linear within its bucket. */
    static double percentileMicros(long[] histogram, double fraction) {
        long total = 0;
        for (long count : histogram) {
            total += count;
        }
        double rank = total * fraction;
        long before = 0;
        for (int i = 0; i < histogram.length; i++) {
            if (histogram[i] > 0 && before + histogram[i] >= rank) {
                double low = Math.pow(2, i);
                return low * (1 + (rank - before) / histogram[i]) / 1000;
            }
            before += histogram[i];
        }
        return 0;
    }

    /** The table; empty if no domain had a disk. */
    synchronized String table() {
        return rows.isEmpty() ? "" : HEADER + "\n" + String.join("\n", rows) + "\n";
    }
}
