// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.trace;

/** Hears what a domain does. Called on the thread that does it; must neither block nor allocate, and loses what it cannot take. */
public interface TraceSink {
    /**
     * A turn of a hypercall ring has ended.
     *
     * @param domid the domain
     * @param vcpu whose ring it is
     * @param nanos when the turn began, on {@link System#nanoTime}'s clock
     * @param calls the calls that got their result, in order, as {@link TracedCall} packs them; to be copied
     * @param count how many
     */
    void turn(int domid, int vcpu, long nanos, long[] calls, int count);

    /**
     * An event was sent to a domain, by whomever; its port may be masked, or pending already.
     *
     * @param domid the receiver
     * @param port the receiver's port
     */
    void event(int domid, int port);
}
