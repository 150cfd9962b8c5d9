// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.linux;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;

/** Signals sent to a thread and not delivered yet. Anybody may add; a signal that is there already is not added again. */
final class SignalQueue {
    private final Deque<SignalInfo> waiting = new ArrayDeque<>();
    private final Runnable poke;
    private long mask;

    SignalQueue(Runnable poke) {
        this.poke = poke;
    }

    synchronized long mask() {
        return mask;
    }

    synchronized void mask(long newMask) {
        this.mask = newMask & ~Signals.UNBLOCKABLE;
    }

    void add(SignalInfo info) {
        synchronized (this) {
            if (waiting.stream().noneMatch(s -> s.signal() == info.signal())) {
                waiting.add(info);
            }
        }
        poke.run();
    }

    /** The signals that wait, held up or not. */
    synchronized long pending() {
        long set = 0;
        for (SignalInfo s : waiting) {
            set |= Signals.set(s.signal());
        }
        return set;
    }

    /** Takes the first signal that is in a set, or null. */
    synchronized SignalInfo take(long wanted) {
        for (Iterator<SignalInfo> i = waiting.iterator(); i.hasNext(); ) {
            SignalInfo s = i.next();
            if (Signals.in(wanted, s.signal())) {
                i.remove();
                return s;
            }
        }
        return null;
    }
}
