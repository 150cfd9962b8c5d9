// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import io.splitvisor.abi.io.XenbusState;
import io.splitvisor.driver.testkit.Fault.FailRequest;
import io.splitvisor.driver.testkit.Fault.Garbage;
import io.splitvisor.driver.testkit.Fault.Kill;
import io.splitvisor.driver.testkit.Fault.Notification;
import io.splitvisor.driver.testkit.Fault.RevokeGrant;
import io.splitvisor.driver.testkit.Fault.Slow;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** A plan while it is carried out: each fault happens once, slowness all the time. */
final class Faults {
    private final List<Fault> pending;
    private final Map<End, Integer> notifications = new EnumMap<>(End.class);
    private final Map<End, Duration> slowness = new EnumMap<>(End.class);
    private int grants;
    private int requests;

    Faults(FaultPlan plan) {
        pending = new ArrayList<>(plan.faults());
        for (Fault fault : plan.faults()) {
            if (fault instanceof Slow(End end, Duration each)) {
                slowness.put(end, each);
                pending.remove(fault);
            }
        }
    }

    Duration slowness(End end) {
        return slowness.getOrDefault(end, Duration.ZERO);
    }

    void slow(End end, Duration each) {
        slowness.put(end, each);
    }

    /** What happens to the next notification to this end; null for nothing. */
    synchronized Notification onNotification(End to) {
        int nth = notifications.merge(to, 1, Integer::sum);
        return take(Notification.class, fault -> fault.to() == to && fault.nth() == nth);
    }

    /** Whether the grant that is about to be mapped is gone. */
    boolean onMap() {
        int nth = ++grants;
        return take(RevokeGrant.class, fault -> fault.nth() == nth) != null;
    }

    boolean onRequest() {
        int nth = ++requests;
        return take(FailRequest.class, fault -> fault.nth() == nth) != null;
    }

    Kill onStateKill(End whose, XenbusState state) {
        return take(Kill.class, fault -> fault.whose() == whose && fault.in() == state);
    }

    Garbage onStateGarbage(End whose, XenbusState state) {
        return take(Garbage.class, fault -> fault.whose() == whose && fault.in() == state);
    }

    /** Faults that have not happened. */
    List<Fault> left() {
        return List.copyOf(pending);
    }

    private synchronized <T extends Fault> T take(Class<T> kind, Predicate<T> condition) {
        for (Iterator<Fault> all = pending.iterator(); all.hasNext(); ) {
            Fault fault = all.next();
            if (kind.isInstance(fault) && condition.test(kind.cast(fault))) {
                all.remove();
                return kind.cast(fault);
            }
        }
        return null;
    }
}
