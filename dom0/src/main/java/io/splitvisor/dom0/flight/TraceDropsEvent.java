// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.flight;

import java.nio.file.Path;
import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** A trace lost hypercalls or events, because its file could not keep up. */
@Name("splitvisor.TraceDrops")
@Label("Trace drops")
@Category("Splitvisor")
@Description("A trace lost hypercalls or events")
@StackTrace(false)
final class TraceDropsEvent extends Event {
    @Label("File")
    String file;

    @Label("Lost")
    long lost;

    /** Tells whoever records. */
    static void happened(Path file, long lost) {
        TraceDropsEvent event = new TraceDropsEvent();
        if (event.shouldCommit()) {
            event.file = file.toString();
            event.lost = lost;
            event.commit();
        }
    }
}
