// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.domain;

import io.splitvisor.dom0.log.LineLimit;
import io.splitvisor.monitor.Machine;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The log that {@code dmesg} shows: what happened to domains, and what they did wrong. Bounded, and each domain may write
 * only so many lines in a while, so that a guest cannot push out what others did (row H13). Thread-safe.
 */
final class HypervisorLog {
    private static final Logger LOG = LoggerFactory.getLogger("splitvisor");
    private static final int LINES = 4096;

    private final long start = System.nanoTime();
    private final ArrayDeque<String> lines = new ArrayDeque<>();
    /** Bytes ever written, and bytes of them that are gone: counters that wrap. */
    private int written;

    private int gone;
    private final LineLimit limit = new LineLimit();

    /** A line about Dom0 itself; never dropped. */
    void add(String message) {
        append(message);
    }

    /** A line that a domain caused. */
    void add(int domid, String message) {
        if (limit.allows(domid, dropped -> append("d" + domid + ": " + dropped + " lines dropped"))) {
            append("d" + domid + ": " + message);
        }
    }

    /** A domain's number is free: forget its allowance. */
    void forget(int domid) {
        limit.forget(domid);
    }

    private void append(String message) {
        LOG.info("{}", message);
        synchronized (this) {
            if (lines.size() == LINES) {
                gone += bytes(lines.removeFirst()).length;
            }
            double seconds = (System.nanoTime() - start) / 1e9;
            String line = String.format(Locale.ROOT, "[%12.6f] (XEN) %s", seconds, message);
            lines.add(line);
            written += bytes(line).length;
        }
    }

    /** All lines, oldest first. */
    synchronized List<String> read(boolean clear) {
        List<String> result = new ArrayList<>(lines);
        if (clear) {
            forgetAll();
        }
        return result;
    }

    private void forgetAll() {
        lines.clear();
        gone = written;
    }

    private static byte[] bytes(String line) {
        return (line + "\n").getBytes(StandardCharsets.UTF_8);
    }

    /** As {@link Machine#readLog}; what is cleared is cleared by lines. */
    synchronized Machine.LogText readBytes(int from, int most, boolean clear) {
        int position = gone;
        int start = from - gone >= 0 && from - written <= 0 ? from : gone;
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        for (String line : lines) {
            byte[] bytes = bytes(line);
            int skipped = Math.max(0, start - position);
            if (skipped < bytes.length) {
                text.write(bytes, skipped, Math.min(bytes.length - skipped, most - text.size()));
            }
            position += bytes.length;
            if (text.size() == most) {
                break;
            }
        }
        int next = start + text.size();
        if (clear) {
            while (!lines.isEmpty() && next - (gone + bytes(lines.getFirst()).length) >= 0) {
                gone += bytes(lines.removeFirst()).length;
            }
        }
        return new Machine.LogText(text.toByteArray(), next);
    }
}
