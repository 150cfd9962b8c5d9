// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.flight;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** A domain took more than its share of a loop, by events or hypercalls, and had to wait for others. */
@Name("splitvisor.EventStormDamped")
@Label("Event storm damped")
@Category("Splitvisor")
@Description(
        "A domain took more than its share of an I/O loop and was made to wait; at most one a second for each domain")
@StackTrace(false)
final class EventStormEvent extends Event {
    @Label("Domain")
    int domid;

    @Label("Slices skipped so far")
    long skipped;

    /** Tells whoever records. */
    static void happened(int domid, long skipped) {
        EventStormEvent event = new EventStormEvent();
        if (event.shouldCommit()) {
            event.domid = domid;
            event.skipped = skipped;
            event.commit();
        }
    }
}
