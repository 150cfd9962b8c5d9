// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** What lives and dies together: a guest, or the back ends of a domain. When it is over, nothing of it happens any more. */
final class Life {
    private final String name;
    private final End end;
    private final List<Runnable> atEnd = new ArrayList<>();
    private boolean over;
    private Duration slowness = Duration.ZERO;

    Life(String name, End end) {
        this.name = name;
        this.end = end;
    }

    End end() {
        return end;
    }

    boolean isOver() {
        return over;
    }

    /** How long everything waits before it happens. */
    Duration slowness() {
        return slowness;
    }

    void slowness(Duration each) {
        slowness = each;
    }

    /** Done when it ends, the last first. */
    void atEnd(Runnable action) {
        atEnd.add(action);
    }

    void endNow() {
        over = true;
        while (!atEnd.isEmpty()) {
            atEnd.removeLast().run();
        }
    }

    @Override
    public String toString() {
        return name;
    }
}
