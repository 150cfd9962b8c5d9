// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.log;

import org.slf4j.Logger;
import org.slf4j.event.Level;

/**
 * The way to Dom0's log for lines that a guest can cause: one {@link LineLimit} for all of them, whatever part of Dom0 has
 * something to say. What is about nobody in particular, a stranger at a socket perhaps, counts as {@link #NOBODY}'s.
 */
public final class GuestLines {
    /** Who has no domid. */
    public static final int NOBODY = -1;

    private static final LineLimit LIMIT = new LineLimit();

    private GuestLines() {}

    /** Something is wrong with a guest. */
    public static void warn(Logger log, int domid, String format, Object... arguments) {
        write(log, Level.WARN, domid, format, arguments);
    }

    /** Something is wrong with Dom0, and a guest brought it about. */
    public static void error(Logger log, int domid, String format, Object... arguments) {
        write(log, Level.ERROR, domid, format, arguments);
    }

    private static void write(Logger log, Level level, int domid, String format, Object... arguments) {
        if (LIMIT.allows(domid, dropped -> log.warn("domain {}: {} lines dropped", domid, dropped))) {
            log.atLevel(level).log(format, arguments);
        }
    }
}
