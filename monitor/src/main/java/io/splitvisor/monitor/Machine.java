// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor;

/** What the monitor asks the world around it, for the toolstack's questions: it does no I/O itself. */
public interface Machine {
    /** Processors of the host. */
    int processors();

    /** Their frequency; 0 if it is not known. */
    long khz();

    /** Pages of memory of the host. */
    long totalPages();

    /** Pages that could be had now. */
    long freePages();

    /**
     * The log, or what is left of it.
     *
     * @param text bytes, UTF-8
     * @param next position after them
     */
    record LogText(byte[] text, int next) {}

    /**
     * Reads the log, as {@code XEN_SYSCTL_readconsole} does.
     *
     * @param from where to start: bytes ever written, a counter that wraps; a position that is not in the log any more, or
     *     not yet, means its beginning
     * @param most the most bytes wanted
     * @param clear whether what was read is forgotten, and all before it
     */
    LogText readLog(int from, int most, boolean clear);

    /** A machine about which nothing is known but its processors. */
    static Machine unknown() {
        return new Machine() {
            @Override
            public int processors() {
                return Runtime.getRuntime().availableProcessors();
            }

            @Override
            public long khz() {
                return 0;
            }

            @Override
            public long totalPages() {
                return 0;
            }

            @Override
            public long freePages() {
                return 0;
            }

            @Override
            public LogText readLog(int from, int most, boolean clear) {
                return new LogText(new byte[0], 0);
            }
        };
    }
}
