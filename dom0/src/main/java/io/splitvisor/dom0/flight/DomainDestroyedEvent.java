// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.flight;

import jdk.jfr.Category;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** A domain was destroyed. */
@Name("splitvisor.DomainDestroyed")
@Label("Domain destroyed")
@Category("Splitvisor")
@StackTrace(false)
final class DomainDestroyedEvent extends Event {
    @Label("Domain")
    int domid;

    @Label("Name")
    String name;

    /** Tells whoever records. */
    static void happened(int domid, String name) {
        DomainDestroyedEvent event = new DomainDestroyedEvent();
        if (event.shouldCommit()) {
            event.domid = domid;
            event.name = name;
            event.commit();
        }
    }
}
