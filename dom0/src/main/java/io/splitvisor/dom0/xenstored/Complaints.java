// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.xenstored;

/** What is said of a domain to those who read the log: never more than one line in ten seconds, whatever the domain does. */
final class Complaints {
    private static final long PAUSE_MILLIS = 10_000;

    private final XenstoreCore core;
    private final DomainState domain;
    private long lastMillis;
    private int held;
    private boolean any;
    private boolean overSoft;
    private boolean overHard;

    Complaints(XenstoreCore core, DomainState domain) {
        this.core = core;
        this.domain = domain;
    }

    void add(String what) {
        long now = core.nowMillis();
        if (any && now - lastMillis < PAUSE_MILLIS) {
            held++;
            return;
        }
        core.misbehaved(domain.domid(), held == 0 ? what : what + " (and " + held + " more)");
        any = true;
        held = 0;
        lastMillis = now;
    }

    /** Tells, once each time, that the domain uses more memory than it should. */
    void checkMemory() {
        boolean soft = domain.exceeds(Quota.SOFT_MEMORY, domain.memory());
        boolean hard = domain.exceeds(Quota.MEMORY, domain.memory() + 1);
        if (hard && !overHard) {
            add("its xenstore memory is used up; it is not served before it is below its quota");
        } else if (soft && !overSoft) {
            add("it uses more xenstore memory than its soft quota");
        }
        overSoft = soft;
        overHard = hard;
    }
}
