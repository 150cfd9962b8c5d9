// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.trace;

/** Hears what one domain does. Called on the thread that does it; must neither block nor allocate, and loses what it cannot take. */
public interface TraceSink {
    /**
     * A turn of a hypercall ring has just ended, its results are published.
     *
     * @param vcpu whose ring it is; the turns of one come one after the other, those of several may come at a time
     * @param calls the calls that got their result, in order, as {@link TracedCall} packs them; to be copied
     * @param count how many, up to {@link TracedCall#MOST_A_TURN}
     */
    void turn(int vcpu, long[] calls, int count);

    /**
     * An event was sent to the domain, by whomever; its port may be masked, or pending already.
     *
     * @param port the receiver's port
     */
    void event(int port);
}
