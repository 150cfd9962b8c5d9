// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Threshold;

/** A turn of a hypercall ring that took longer than a threshold, 100 us unless the recording says otherwise. */
@Name("splitvisor.HypercallTurn")
@Label("Hypercall turn")
@Category("Splitvisor")
@Description("A turn of a hypercall ring that kept its loop for long")
@Enabled(false)
@StackTrace(false)
@Threshold("100 us")
final class HypercallTurnEvent extends Event {
    @Label("Domain")
    int domid;

    @Label("vCPU")
    int vcpu;

    @Label("Calls found")
    int found;

    @Label("Calls served")
    int served;
}
