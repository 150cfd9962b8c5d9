// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.frontend;

import java.util.List;

/** Calls that wait for a slot, in order; linked through themselves. Under the queue's lock. */
final class CallLine {
    private RingCall first;
    private RingCall last;
    private int length;

    boolean isEmpty() {
        return first == null;
    }

    int length() {
        return length;
    }

    void add(RingCall call) {
        call.next = null;
        if (last == null) {
            first = call;
        } else {
            last.next = call;
        }
        last = call;
        length++;
    }

    /** The first; null if there is none. */
    RingCall poll() {
        RingCall call = first;
        if (call != null) {
            first = call.next;
            if (first == null) {
                last = null;
            }
            call.next = null;
            length--;
        }
        return call;
    }

    /** Puts calls before all others. */
    void addFirst(List<RingCall> calls) {
        for (RingCall call : calls.reversed()) {
            call.next = first;
            first = call;
            if (last == null) {
                last = call;
            }
            length++;
        }
    }
}
