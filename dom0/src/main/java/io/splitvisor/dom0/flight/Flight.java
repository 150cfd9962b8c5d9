// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.flight;

import java.nio.file.Path;
import jdk.jfr.FlightRecorder;

/**
 * Tells the Flight Recorder what happens. As long as nobody has ever recorded, no event's class is touched: the first of them
 * brings the whole machinery of the recorder with it, and the first domain of a fresh Dom0 would have to wait for that.
 */
public final class Flight {
    private Flight() {}

    /** A domain was created. */
    public static void domainCreated(int domid, String name) {
        if (FlightRecorder.isInitialized()) {
            DomainCreatedEvent.happened(domid, name);
        }
    }

    /** A domain is gone. */
    public static void domainDestroyed(int domid, String name) {
        if (FlightRecorder.isInitialized()) {
            DomainDestroyedEvent.happened(domid, name);
        }
    }

    /** A domain had so many turns withheld so far, because it had used up its share of a loop. */
    public static void eventStorm(int domid, long skipped) {
        if (FlightRecorder.isInitialized()) {
            EventStormEvent.happened(domid, skipped);
        }
    }

    /** A trace file misses so many records. */
    public static void traceDrops(Path file, long lost) {
        if (FlightRecorder.isInitialized()) {
            TraceDropsEvent.happened(file, lost);
        }
    }
}
