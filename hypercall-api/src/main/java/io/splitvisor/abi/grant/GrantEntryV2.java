// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.grant;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * An entry of a version 2 grant table. {@code union grant_entry_v2} in grant_table.h: the flags tell which of the three
 * forms it has.
 *
 * <pre>
 *   offset  size  field                   written by
 *        0     4  hdr                     granter: flags in the low half, see {@link GrantFlags}; domid in the high half
 *        0     4  full_page.hdr           (the same)
 *        8     8  full_page.frame         granter: the guest frame
 *        0     4  sub_page.hdr            (the same)
 *        4     2  sub_page.page_off       granter: first byte granted
 *        6     2  sub_page.length         granter: bytes granted
 *        8     8  sub_page.frame          granter: the guest frame
 *        0     4  transitive.hdr          (the same)
 *        4     2  transitive.trans_domid  granter: whose grant is passed on
 *        8     4  transitive.gref         granter: the reference in that domain's table
 * </pre>
 *
 * The granter writes the other fields, then the header's flags with release. What the monitor tells about a grant in use
 * does not stand in the entry, but in a word of its own in the status frames, which only the monitor writes: 16 bits for
 * each reference, {@link GrantFlags#READING} and {@link GrantFlags#WRITING}. To end a grant, the granter clears the flags,
 * then looks at the status, with a full fence in between.
 */
public final class GrantEntryV2 {
    /** Bytes of the structure. */
    public static final int SIZE = 16;

    /** Entries in a frame of the table. */
    public static final int PER_PAGE = 256;

    /** Status words ({@code grant_status_t}) in a status frame. */
    public static final int STATUS_PER_PAGE = 2048;

    public static final long HDR = 0;
    public static final long FULL_PAGE_HDR = 0;
    public static final long FULL_PAGE_FRAME = 8;
    public static final long SUB_PAGE_HDR = 0;
    public static final long SUB_PAGE_PAGE_OFF = 4;
    public static final long SUB_PAGE_LENGTH = 6;
    public static final long SUB_PAGE_FRAME = 8;
    public static final long TRANSITIVE_HDR = 0;
    public static final long TRANSITIVE_TRANS_DOMID = 4;
    public static final long TRANSITIVE_GREF = 8;

    private static final VarHandle SHORT = ValueLayout.JAVA_SHORT.varHandle();
    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

    private GrantEntryV2() {}

    /** Where entry {@code ref} starts in a table at {@code table}. */
    public static long entry(long table, int ref) {
        return table + Integer.toUnsignedLong(ref) * SIZE;
    }

    /** Status frames for a table of so many grant frames. */
    public static int statusFrames(int grantFrames) {
        return (grantFrames * PER_PAGE + STATUS_PER_PAGE - 1) / STATUS_PER_PAGE;
    }

    /** Flags and domid, as {@link GrantEntryV1#flagsAndDomid} packs them. */
    public static int hdrAcquire(MemorySegment memory, long at) {
        return (int) INT.getAcquire(memory, at + HDR);
    }

    /** For the granter: publishes the other fields. Pairs with {@link #hdrAcquire}. */
    public static void hdrRelease(MemorySegment memory, long at, int value) {
        INT.setRelease(memory, at + HDR, value);
    }

    /** For the granter that ends a grant: a full fence lies between this and its look at the status. */
    public static void hdrVolatile(MemorySegment memory, long at, int value) {
        INT.setVolatile(memory, at + HDR, value);
        VarHandle.fullFence();
    }

    public static long fullPageFrame(MemorySegment memory, long at) {
        return memory.get(ValueLayout.JAVA_LONG_UNALIGNED, at + FULL_PAGE_FRAME);
    }

    public static void fullPageFrame(MemorySegment memory, long at, long value) {
        memory.set(ValueLayout.JAVA_LONG_UNALIGNED, at + FULL_PAGE_FRAME, value);
    }

    public static int subPagePageOff(MemorySegment memory, long at) {
        return Short.toUnsignedInt(memory.get(ValueLayout.JAVA_SHORT_UNALIGNED, at + SUB_PAGE_PAGE_OFF));
    }

    public static void subPagePageOff(MemorySegment memory, long at, int value) {
        memory.set(ValueLayout.JAVA_SHORT_UNALIGNED, at + SUB_PAGE_PAGE_OFF, (short) value);
    }

    public static int subPageLength(MemorySegment memory, long at) {
        return Short.toUnsignedInt(memory.get(ValueLayout.JAVA_SHORT_UNALIGNED, at + SUB_PAGE_LENGTH));
    }

    public static void subPageLength(MemorySegment memory, long at, int value) {
        memory.set(ValueLayout.JAVA_SHORT_UNALIGNED, at + SUB_PAGE_LENGTH, (short) value);
    }

    public static long subPageFrame(MemorySegment memory, long at) {
        return memory.get(ValueLayout.JAVA_LONG_UNALIGNED, at + SUB_PAGE_FRAME);
    }

    public static void subPageFrame(MemorySegment memory, long at, long value) {
        memory.set(ValueLayout.JAVA_LONG_UNALIGNED, at + SUB_PAGE_FRAME, value);
    }

    public static int transitiveTransDomid(MemorySegment memory, long at) {
        return Short.toUnsignedInt(memory.get(ValueLayout.JAVA_SHORT_UNALIGNED, at + TRANSITIVE_TRANS_DOMID));
    }

    public static void transitiveTransDomid(MemorySegment memory, long at, int value) {
        memory.set(ValueLayout.JAVA_SHORT_UNALIGNED, at + TRANSITIVE_TRANS_DOMID, (short) value);
    }

    public static int transitiveGref(MemorySegment memory, long at) {
        return memory.get(ValueLayout.JAVA_INT_UNALIGNED, at + TRANSITIVE_GREF);
    }

    public static void transitiveGref(MemorySegment memory, long at, int value) {
        memory.set(ValueLayout.JAVA_INT_UNALIGNED, at + TRANSITIVE_GREF, value);
    }

    /** Where the status word of a reference lies in status frames at {@code frames}. */
    public static long statusEntry(long frames, int ref) {
        return frames + Integer.toUnsignedLong(ref) * Short.BYTES;
    }

    /** The status word at {@link #statusEntry}. */
    public static int statusAcquire(MemorySegment memory, long at) {
        return Short.toUnsignedInt((short) SHORT.getAcquire(memory, at));
    }

    /** For the monitor: sets the status word, with a full fence behind it. */
    public static void statusVolatile(MemorySegment memory, long at, int value) {
        SHORT.setVolatile(memory, at, (short) value);
        VarHandle.fullFence();
    }
}
