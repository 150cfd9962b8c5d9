// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.evtchn;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * State of a port. The union at 16 is valid for the status that it names. {@code struct evtchn_status} in
 * event_channel.h.
 *
 * <pre>
 *   offset  size  field               written by
 *        0     2  dom                 caller: owner of the port, or DOMID_SELF
 *        4     4  port                caller
 *        8     4  status              monitor: an EVTCHNSTAT_* number
 *       12     4  vcpu                monitor: who is notified
 *       16     2  u.unbound.dom       monitor: who may bind
 *       16     2  u.interdomain.dom   monitor: the remote domain
 *       20     4  u.interdomain.port  monitor: the remote port
 *       16     4  u.pirq              monitor: the physical interrupt
 *       16     4  u.virq              monitor: the virtual interrupt
 * </pre>
 */
public final class EvtchnStatus {
    /** Bytes of the structure. */
    public static final int SIZE = 24;

    public static final long DOM = 0;
    public static final long PORT = 4;
    public static final long STATUS = 8;
    public static final long VCPU = 12;
    public static final long UNBOUND_DOM = 16;
    public static final long INTERDOMAIN_DOM = 16;
    public static final long INTERDOMAIN_PORT = 20;
    public static final long PIRQ = 16;
    public static final long VIRQ = 16;

    private EvtchnStatus() {}

    public static int dom(MemorySegment memory, long at) {
        return Short.toUnsignedInt(memory.get(JAVA_SHORT_UNALIGNED, at + DOM));
    }

    public static void dom(MemorySegment memory, long at, int value) {
        memory.set(JAVA_SHORT_UNALIGNED, at + DOM, (short) value);
    }

    public static int port(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + PORT);
    }

    public static void port(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + PORT, value);
    }

    public static int status(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + STATUS);
    }

    public static void status(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + STATUS, value);
    }

    public static int vcpu(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + VCPU);
    }

    public static void vcpu(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + VCPU, value);
    }

    public static int unboundDom(MemorySegment memory, long at) {
        return Short.toUnsignedInt(memory.get(JAVA_SHORT_UNALIGNED, at + UNBOUND_DOM));
    }

    public static void unboundDom(MemorySegment memory, long at, int value) {
        memory.set(JAVA_SHORT_UNALIGNED, at + UNBOUND_DOM, (short) value);
    }

    public static int interdomainDom(MemorySegment memory, long at) {
        return Short.toUnsignedInt(memory.get(JAVA_SHORT_UNALIGNED, at + INTERDOMAIN_DOM));
    }

    public static void interdomainDom(MemorySegment memory, long at, int value) {
        memory.set(JAVA_SHORT_UNALIGNED, at + INTERDOMAIN_DOM, (short) value);
    }

    public static int interdomainPort(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + INTERDOMAIN_PORT);
    }

    public static void interdomainPort(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + INTERDOMAIN_PORT, value);
    }

    public static int pirq(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + PIRQ);
    }

    public static void pirq(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + PIRQ, value);
    }

    public static int virq(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + VIRQ);
    }

    public static void virq(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + VIRQ, value);
    }
}
