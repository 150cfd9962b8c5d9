// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import jdk.jfr.FlightRecorder;

/**
 * Tells the Flight Recorder of a ring's long turns. The event's class brings the whole machinery of the recorder with it, so it is
 * not touched before somebody records. In the ring's loop.
 */
final class TurnRecording {
    private final int domid;
    private final int vcpu;

    /** Made when somebody records for the first time, and used again and again. */
    private HypercallTurnEvent event;

    TurnRecording(int domid, int vcpu) {
        this.domid = domid;
        this.vcpu = vcpu;
    }

    /** A turn begins; whether somebody wants to know about it. */
    boolean begin() {
        if (!FlightRecorder.isInitialized()) {
            return false;
        }
        if (event == null) {
            event = new HypercallTurnEvent();
            event.domid = domid;
            event.vcpu = vcpu;
        }
        boolean enabled = event.isEnabled();
        if (enabled) {
            event.begin();
        }
        return enabled;
    }

    /** A turn is over that somebody wants to know about. */
    void end(int found, int served) {
        event.end();
        if (event.shouldCommit()) {
            event.found = found;
            event.served = served;
            event.commit();
        }
    }
}
