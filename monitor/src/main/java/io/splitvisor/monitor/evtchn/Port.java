// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.evtchn;

import io.splitvisor.abi.evtchn.EventChannels;
import io.splitvisor.monitor.evtchn.PortState.Closed;

/** A port of a domain. It stays for the domain's life: only its state changes. */
public final class Port {
    private final int number;
    private volatile PortState state = Closed.INSTANCE;
    private volatile int vcpu;
    private volatile int priority = EventChannels.FIFO_PRIORITY_DEFAULT;

    // With the lock of the domain's FIFO delivery.

    /** It was raised before its event word existed. */
    private boolean pending;

    /** The queue that it stands in, or was last in. */
    private int queue;

    Port(int number) {
        this.number = number;
    }

    /** Its number, from 1. */
    public int number() {
        return number;
    }

    /** What it is at present. */
    public PortState state() {
        return state;
    }

    /** The vCPU that takes its events; always one that the domain has. */
    public int vcpu() {
        return vcpu;
    }

    /** Its priority in the FIFO ABI, 0 to 15. */
    int priority() {
        return priority;
    }

    void state(PortState value) {
        state = value;
    }

    void vcpu(int value) {
        vcpu = value;
    }

    void priority(int value) {
        priority = value;
    }

    /** A closed port is opened for a vCPU. */
    void open(PortState value, int taker) {
        vcpu = taker;
        priority = EventChannels.FIFO_PRIORITY_DEFAULT;
        state = value;
    }

    boolean pending() {
        return pending;
    }

    void pending(boolean value) {
        pending = value;
    }

    int queue() {
        return queue;
    }

    void queue(int value) {
        queue = value;
    }
}
