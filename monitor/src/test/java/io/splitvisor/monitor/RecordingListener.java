// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Remembers how domains ended. */
public final class RecordingListener implements MonitorListener {
    private final List<String> endings = new CopyOnWriteArrayList<>();
    private final List<String> lines = new ArrayList<>();

    @Override
    public void shutdown(Domain domain, int reason) {
        endings.add(domain.domid() + " shutdown " + reason);
    }

    @Override
    public void crashed(Domain domain, String why) {
        endings.add(domain.domid() + " crashed " + why);
    }

    @Override
    public void logged(Domain domain, String line) {
        lines.add(line);
    }

    /** Lines that guests wrote to the log. */
    public List<String> lines() {
        return lines;
    }

    /** All ends, oldest first, as {@code DOMID shutdown REASON} or {@code DOMID crashed WHY}. */
    public List<String> endings() {
        return List.copyOf(endings);
    }
}
