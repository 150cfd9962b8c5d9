// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.event;

/** One of the two ways in which the monitor and a domain share their event channels. Ports are valid; any thread. */
interface EventAbi {
    /** Ports are below this. */
    int ports();

    /** Sees to it that a port has its place. */
    void prepare(int port);

    /** From now on the port's events wait. */
    void mask(int port);

    /** Lets a port's events through, one that has come meanwhile included. */
    void unmask(int port);

    boolean isPending(int port);

    /** Takes a waiting event away; whether there was one. */
    boolean takePending(int port);

    /** Upcall thread: whether something of an earlier {@link #deliver} was left. */
    boolean isUnfinished(int vcpu);

    /** Upcall thread of a vCPU, after its flag was cleared: names its ports that are pending and not masked. */
    void deliver(Vcpu vcpu, EventChannels events);
}
