// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.translate;

import io.splitvisor.vcpu.mmu.Tlb;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Guest memory as translated code reaches it: a look-up in the TLB, and {@link Miss} for everything but a hit.
 *
 * <p>{@link AccessLoader} defines this class once per processor and bank, so that the TLB and the RAM are constants of it: that
 * removes the bounds check of the first, and makes that of the second a comparison with a number. The checks stand in methods
 * that all regions share, so that their profile knows both outcomes, and the compiler neither prunes one nor gives up later. Loads and
 * stores are written out, because then the JVM's first compiler, whose time is short while much code is new, takes them for too long to
 * be inlined with all that is below them; its second inlines what has thrown.
 *
 * <p>The fences cost no instruction on x86. They keep the JVM's compiler from reordering what x86 keeps in order.
 */
public final class GuestAccess {
    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final long PAGE = -4096L;
    /** With the bits that are set where sixteen bytes are not aligned: no tag has them. */
    private static final long ALIGNED_PAGE = PAGE | 15;

    private static final long[] TLB;
    private static final MemorySegment RAM;
    private static final boolean ORDERED;

    static {
        AccessLoader loader = (AccessLoader) GuestAccess.class.getClassLoader();
        TLB = loader.table();
        RAM = loader.ram();
        ORDERED = loader.ordered();
    }

    private GuestAccess() {}

    /** With this, {@link AccessLoader} defines regions beside this class. */
    public static MethodHandles.Lookup lookup() {
        return MethodHandles.lookup();
    }

    /** Loads a byte. */
    public static long load8(long a) {
        int slot = Tlb.slot(a);
        if (TLB[slot] != (a & PAGE)) {
            throw Miss.MISS;
        }
        return peek8(a + TLB[slot + Tlb.ADDEND]);
    }

    /** Loads two bytes. */
    public static long load16(long a) {
        int slot = Tlb.slot(a);
        if (TLB[slot] != (a + 1 & PAGE)) {
            throw Miss.MISS;
        }
        return peek16(a + TLB[slot + Tlb.ADDEND]);
    }

    /** Loads four bytes. */
    public static long load32(long a) {
        int slot = Tlb.slot(a);
        if (TLB[slot] != (a + 3 & PAGE)) {
            throw Miss.MISS;
        }
        return peek32(a + TLB[slot + Tlb.ADDEND]);
    }

    /** Loads eight bytes. */
    public static long load64(long a) {
        int slot = Tlb.slot(a);
        if (TLB[slot] != (a + 7 & PAGE)) {
            throw Miss.MISS;
        }
        return peek64(a + TLB[slot + Tlb.ADDEND]);
    }

    /** Stores the low byte. */
    public static void store8(long a, long v) {
        int slot = Tlb.slot(a);
        if (TLB[slot + Tlb.WRITE] != (a & PAGE)) {
            throw Miss.MISS;
        }
        poke8(a + TLB[slot + Tlb.ADDEND], v);
    }

    /** Stores the low two bytes. */
    public static void store16(long a, long v) {
        int slot = Tlb.slot(a);
        if (TLB[slot + Tlb.WRITE] != (a + 1 & PAGE)) {
            throw Miss.MISS;
        }
        poke16(a + TLB[slot + Tlb.ADDEND], v);
    }

    /** Stores the low four bytes. */
    public static void store32(long a, long v) {
        int slot = Tlb.slot(a);
        if (TLB[slot + Tlb.WRITE] != (a + 3 & PAGE)) {
            throw Miss.MISS;
        }
        poke32(a + TLB[slot + Tlb.ADDEND], v);
    }

    /** Stores eight bytes. */
    public static void store64(long a, long v) {
        int slot = Tlb.slot(a);
        if (TLB[slot + Tlb.WRITE] != (a + 7 & PAGE)) {
            throw Miss.MISS;
        }
        poke64(a + TLB[slot + Tlb.ADDEND], v);
    }

    /** Where a byte that may be stored to lies in RAM. */
    public static long storable8(long a) {
        int slot = Tlb.slot(a);
        if (TLB[slot + Tlb.WRITE] != (a & PAGE)) {
            throw Miss.MISS;
        }
        return a + TLB[slot + Tlb.ADDEND];
    }

    /** As {@link #storable8} for two bytes. */
    public static long storable16(long a) {
        int slot = Tlb.slot(a);
        if (TLB[slot + Tlb.WRITE] != (a + 1 & PAGE)) {
            throw Miss.MISS;
        }
        return a + TLB[slot + Tlb.ADDEND];
    }

    /** As {@link #storable8} for four bytes. */
    public static long storable32(long a) {
        int slot = Tlb.slot(a);
        if (TLB[slot + Tlb.WRITE] != (a + 3 & PAGE)) {
            throw Miss.MISS;
        }
        return a + TLB[slot + Tlb.ADDEND];
    }

    /** As {@link #storable8} for eight bytes. */
    public static long storable64(long a) {
        int slot = Tlb.slot(a);
        if (TLB[slot + Tlb.WRITE] != (a + 7 & PAGE)) {
            throw Miss.MISS;
        }
        return a + TLB[slot + Tlb.ADDEND];
    }

    /** Where sixteen bytes that may be loaded lie in RAM. */
    public static long loadable128(long a) {
        int slot = Tlb.slot(a);
        if (TLB[slot] != (a + 15 & PAGE)) {
            throw Miss.MISS;
        }
        return a + TLB[slot + Tlb.ADDEND];
    }

    /** As {@link #loadable128}, if they are aligned. */
    public static long loadableAligned(long a) {
        int slot = Tlb.slot(a);
        if (TLB[slot] != (a & ALIGNED_PAGE)) {
            throw Miss.MISS;
        }
        return a + TLB[slot + Tlb.ADDEND];
    }

    /** Where sixteen bytes that may be stored to lie in RAM. */
    public static long storable128(long a) {
        int slot = Tlb.slot(a);
        if (TLB[slot + Tlb.WRITE] != (a + 15 & PAGE)) {
            throw Miss.MISS;
        }
        return a + TLB[slot + Tlb.ADDEND];
    }

    /** As {@link #storable128}, if they are aligned. */
    public static long storableAligned(long a) {
        int slot = Tlb.slot(a);
        if (TLB[slot + Tlb.WRITE] != (a & ALIGNED_PAGE)) {
            throw Miss.MISS;
        }
        return a + TLB[slot + Tlb.ADDEND];
    }

    /** Reads a byte of RAM. */
    public static long peek8(long at) {
        long v = RAM.get(BYTE, at) & 0xff;
        afterLoad();
        return v;
    }

    /** Reads two bytes of RAM. */
    public static long peek16(long at) {
        long v = RAM.get(SHORT, at) & 0xffff;
        afterLoad();
        return v;
    }

    /** Reads four bytes of RAM. */
    public static long peek32(long at) {
        long v = RAM.get(INT, at) & 0xffff_ffffL;
        afterLoad();
        return v;
    }

    /** Reads eight bytes of RAM. */
    public static long peek64(long at) {
        long v = RAM.get(LONG, at);
        afterLoad();
        return v;
    }

    /** Writes a byte of RAM. */
    public static void poke8(long at, long v) {
        beforeStore();
        RAM.set(BYTE, at, (byte) v);
    }

    /** Writes two bytes of RAM. */
    public static void poke16(long at, long v) {
        beforeStore();
        RAM.set(SHORT, at, (short) v);
    }

    /** Writes four bytes of RAM. */
    public static void poke32(long at, long v) {
        beforeStore();
        RAM.set(INT, at, (int) v);
    }

    /** Writes eight bytes of RAM. */
    public static void poke64(long at, long v) {
        beforeStore();
        RAM.set(LONG, at, v);
    }

    private static void afterLoad() {
        if (ORDERED) {
            VarHandle.acquireFence();
        }
    }

    private static void beforeStore() {
        if (ORDERED) {
            VarHandle.releaseFence();
        }
    }
}
