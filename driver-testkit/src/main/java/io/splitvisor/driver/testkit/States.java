// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import io.splitvisor.abi.io.XenbusState;
import io.splitvisor.xenbus.XenbusException;
import io.splitvisor.xenbus.XenbusNode;
import io.splitvisor.xenstore.Watch;
import io.splitvisor.xenstore.Xenstore;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Follows the states of all devices, between one step and the next. */
final class States {
    private static final Pattern FRONT = Pattern.compile("/local/domain/\\d+/device/[^/]+/\\d+/state");
    private static final Pattern BACK = Pattern.compile("/local/domain/\\d+/backend/[^/]+/\\d+/\\d+/state");

    private final Xenstore store;
    private final Listener listener;
    private final Deque<Runnable> due = new ArrayDeque<>();
    private final Map<String, XenbusState> known = new HashMap<>();
    private final List<String> history = new ArrayList<>();

    /** Who is told. */
    @FunctionalInterface
    interface Listener {
        /** The end whose folder this is came to another state. */
        void changed(End end, String folder, XenbusState state);
    }

    States(Machine machine, Listener listener) {
        this.listener = listener;
        this.store = machine.connect(0, (_, call) -> due.add(call));
        Watch unused = store.watch("/local/domain", "states", event -> look(event.path()));
    }

    /** Looks at what has changed. */
    void look() {
        Runnable call;
        while ((call = due.poll()) != null) {
            call.run();
        }
    }

    private void look(String path) {
        End end = matches(FRONT, path) ? End.FRONT : matches(BACK, path) ? End.BACK : null;
        if (end == null) {
            return;
        }
        String folder = path.substring(0, path.length() - "/state".length());
        XenbusState state = state(folder);
        XenbusState before = known.put(folder, state);
        if (before != state) {
            history.add(end + " " + state);
            listener.changed(end, folder, state);
        }
    }

    private static boolean matches(Pattern pattern, String path) {
        Matcher matcher = pattern.matcher(path);
        return matcher.matches();
    }

    private XenbusState state(String folder) {
        try {
            return new XenbusNode(store, folder).state();
        } catch (XenbusException e) {
            // No state at all, which is as good as none.
            return XenbusState.UNKNOWN;
        }
    }

    /** What was seen so far, as "front INITIALISED". */
    List<String> history() {
        return List.copyOf(history);
    }
}
