// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.Consumer;

/**
 * What a domain writes to the monitor's log, gathered to lines. Only what can be printed gets through, so that a guest
 * cannot make another's line, and a line has an end ({@code DOMAIN_PBUF_SIZE}). Whoever takes the lines limits their rate
 * (row H13). Thread-safe.
 */
public final class GuestLog {
    /** Most characters of a line. */
    public static final int LINE = 199;

    private final StringBuilder line = new StringBuilder(LINE);
    private final Consumer<String> lines;

    GuestLog(Consumer<String> lines) {
        this.lines = lines;
    }

    /** Text as it comes; lines that are complete go on. */
    public synchronized void write(MemorySegment text, long bytes) {
        for (long i = 0; i < bytes; i++) {
            char c = (char) Byte.toUnsignedInt(text.get(ValueLayout.JAVA_BYTE, i));
            if (c == '\n') {
                flush();
            } else if (c == '\t' || (c >= ' ' && c <= '~')) {
                line.append(c);
                if (line.length() == LINE) {
                    flush();
                }
            }
        }
    }

    private void flush() {
        lines.accept(line.toString());
        line.setLength(0);
    }
}
