// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.grant;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Maps a granted frame. {@code struct gnttab_map_grant_ref} in grant_table.h.
 *
 * <pre>
 *   offset  size  field         written by
 *        0     8  host_addr     caller: where, if GNTMAP_host_map
 *        8     4  flags         caller: GNTMAP_*
 *       12     4  ref           caller: the grant reference
 *       16     2  dom           caller: the granter
 *       18     2  status        monitor: a GNTST_* number
 *       20     4  handle        monitor: names the mapping
 *       24     8  dev_bus_addr  monitor: the address for devices
 * </pre>
 */
public final class GnttabMapGrantRef {
    /** Bytes of the structure. */
    public static final int SIZE = 32;

    public static final long HOST_ADDR = 0;
    public static final long FLAGS = 8;
    public static final long REF = 12;
    public static final long DOM = 16;
    public static final long STATUS = 18;
    public static final long HANDLE = 20;
    public static final long DEV_BUS_ADDR = 24;

    private GnttabMapGrantRef() {}

    public static long hostAddr(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + HOST_ADDR);
    }

    public static void hostAddr(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + HOST_ADDR, value);
    }

    public static int flags(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + FLAGS);
    }

    public static void flags(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + FLAGS, value);
    }

    public static int ref(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + REF);
    }

    public static void ref(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + REF, value);
    }

    public static int dom(MemorySegment memory, long at) {
        return Short.toUnsignedInt(memory.get(JAVA_SHORT_UNALIGNED, at + DOM));
    }

    public static void dom(MemorySegment memory, long at, int value) {
        memory.set(JAVA_SHORT_UNALIGNED, at + DOM, (short) value);
    }

    public static int status(MemorySegment memory, long at) {
        return memory.get(JAVA_SHORT_UNALIGNED, at + STATUS);
    }

    public static void status(MemorySegment memory, long at, int value) {
        memory.set(JAVA_SHORT_UNALIGNED, at + STATUS, (short) value);
    }

    public static int handle(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + HANDLE);
    }

    public static void handle(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + HANDLE, value);
    }

    public static long devBusAddr(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + DEV_BUS_ADDR);
    }

    public static void devBusAddr(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + DEV_BUS_ADDR, value);
    }
}
