// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.grant;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * An entry of a version 1 grant table. {@code struct grant_entry_v1} in grant_table.h.
 *
 * <pre>
 *   offset  size  field  written by
 *        0     2  flags  both: the granter all bits, the monitor GTF_reading and GTF_writing; see {@link GrantFlags}
 *        2     2  domid  granter: who may use the grant
 *        4     4  frame  granter: the guest frame
 * </pre>
 *
 * Flags and domid are looked at and changed together, as one 32-bit word with the flags in its low half: the granter
 * may revoke or redirect a grant at the moment at which it is taken. The granter writes domid and frame, then the
 * flags with release; it ends a grant by compare-and-exchange, and only while neither GTF_reading nor GTF_writing is
 * set. Entries start at multiples of 8.
 */
public final class GrantEntryV1 {
    /** Bytes of the structure. */
    public static final int SIZE = 8;

    /** Entries in a frame of the table. */
    public static final int PER_PAGE = 512;

    public static final long FLAGS = 0;
    public static final long DOMID = 2;
    public static final long FRAME = 4;

    private static final VarHandle SHORT = ValueLayout.JAVA_SHORT.varHandle();
    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

    private GrantEntryV1() {}

    /** Where entry {@code ref} starts in a table at {@code table}. */
    public static long entry(long table, int ref) {
        return table + Integer.toUnsignedLong(ref) * SIZE;
    }

    /** The word of these flags and this domid. */
    public static int flagsAndDomid(int flags, int domid) {
        return (domid << 16) | (flags & 0xffff);
    }

    /** The flags in a word. */
    public static int flagsOf(int flagsAndDomid) {
        return flagsAndDomid & 0xffff;
    }

    /** The domid in a word. */
    public static int domidOf(int flagsAndDomid) {
        return flagsAndDomid >>> 16;
    }

    public static int flagsAndDomidAcquire(MemorySegment memory, long at) {
        return (int) INT.getAcquire(memory, at + FLAGS);
    }

    /** Replaces the word if it is {@code expected}. A full fence. */
    public static boolean casFlagsAndDomidVolatile(MemorySegment memory, long at, int expected, int value) {
        return INT.compareAndSet(memory, at + FLAGS, expected, value);
    }

    /** Replaces the word if it is {@code expected}; the word found, whether replaced or not. A full fence. */
    public static int exchangeFlagsAndDomidVolatile(MemorySegment memory, long at, int expected, int value) {
        return (int) INT.compareAndExchange(memory, at + FLAGS, expected, value);
    }

    /** For the monitor, when a mapping ends: clears flag bits, whatever else the granter changes; the flags before. */
    public static int clearFlagsVolatile(MemorySegment memory, long at, int flags) {
        return flagsOf((int) INT.getAndBitwiseAnd(memory, at + FLAGS, ~(flags & 0xffff)));
    }

    public static int flagsAcquire(MemorySegment memory, long at) {
        return Short.toUnsignedInt((short) SHORT.getAcquire(memory, at + FLAGS));
    }

    /** For the granter: publishes domid and frame. Pairs with {@link #flagsAndDomidAcquire}. */
    public static void flagsRelease(MemorySegment memory, long at, int value) {
        SHORT.setRelease(memory, at + FLAGS, (short) value);
    }

    public static int domid(MemorySegment memory, long at) {
        return Short.toUnsignedInt(memory.get(ValueLayout.JAVA_SHORT, at + DOMID));
    }

    public static void domid(MemorySegment memory, long at, int value) {
        memory.set(ValueLayout.JAVA_SHORT, at + DOMID, (short) value);
    }

    public static int frame(MemorySegment memory, long at) {
        return memory.get(ValueLayout.JAVA_INT, at + FRAME);
    }

    public static void frame(MemorySegment memory, long at, int value) {
        memory.set(ValueLayout.JAVA_INT, at + FRAME, value);
    }
}
