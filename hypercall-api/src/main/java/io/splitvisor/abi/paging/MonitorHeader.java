// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.paging;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * Pages 0 and 1 of the monitor memfd. All of it is the monitor's; offsets are from the start of the memfd.
 *
 * <pre>
 *   offset  size
 *        0     8  magic "SVPAGING"
 *        8     4  version
 *       12     4  mode ({@link PagingMode})
 *       16     4  machinePages   \
 *       20     4  ramPages        |  of {@link MonitorLayout}: where everything else lies
 *       24     4  populated       |
 *       28     4  poolPages      /
 *       32     4  flags: 1 = every store to a shadowed table traps, none is let out of sync
 *       36     4  vCPUs
 *       40     8  generation, from 1
 *       48     8  EPT pointer: the root's pool page at bits 12 to 51, 6 (write-back) | 3 &lt;&lt; 3 (four levels) | 1 &lt;&lt; 6 (A/D)
 *       64   256  counters, 8 bytes each ({@link PagingCounter})
 *      512   128  of vCPU 0:
 *             0     8  root: pool page at bits 12 to 51; 0 for none
 *             8     8  user root (registered mode, as {@code MMUEXT_NEW_USER_BASEPTR}); 0 for none
 *            16     8  flush: grows when this vCPU's whole TLB is to go, global entries too
 *            24     8  invalidate: grows when {@code linear} is to go from this vCPU's TLB
 *            32     8  linear
 *            40     8  CR3 as the guest loaded it
 *            48     8  CR0, 56 CR4, 64 EFER as the monitor knows them
 *      640   128  of vCPU 1, and so on, to vCPU 31
 * </pre>
 *
 * <p><b>Generation.</b> The monitor adds 1, with release order and after the tables are changed, whenever it takes away or
 * lowers a translation that an MMU may hold and that its own call did not name: a write protection, an eviction, a page
 * that is ballooned away, a frame that changes its type. An MMU reads it (acquire) before each fill and at each safe point,
 * that is the return of a hypercall or trap and the start of an upcall; if it is not what it was, it flushes its TLB before
 * it goes on. It reads it again after the fill's walk, and walks again if it has changed meanwhile.
 *
 * <p><b>Roots.</b> A new root for a vCPU (LOAD_CR3, {@code MMUEXT_NEW_BASEPTR}) is there before the call's result is; the MMU
 * that called flushes its TLB then, except for global entries. In shadow mode the root is 0 after LOAD_CR3 until the next
 * FAULT, if the monitor has no shadow yet, and may become 0 at any time (with a new generation): the MMU treats it as a walk
 * that found nothing. In EPT mode roots are 0: the MMU walks from its own CR3.
 *
 * <p><b>Flushes.</b> {@code flush} and {@code invalidate} belong to the calls of registered mode that name vCPUs
 * (MMUEXT_TLB_FLUSH_MULTI, UVMF_INVLPG | UVMF_ALL, ...). An MMU looks at them where it looks at the generation. If
 * {@code invalidate} grew by exactly 1, the address {@code linear} goes, and with anything more the whole TLB; read
 * {@code linear} between two looks at {@code invalidate}. The calls do not wait for other vCPUs: they ask their vCPUs for an
 * upcall, and a guest that has to know waits until each MMU has written what it saw into {@link MmuFigures}.
 */
public final class MonitorHeader {
    /** The first eight bytes: "SVPAGING". */
    public static final long MAGIC = 0x474e494741505653L;

    /** Version of this page. */
    public static final int VERSION = 1;

    /** In the flags: each store to a shadowed table traps. */
    public static final int TRAP_EVERY_WRITE = 1;

    public static final long VERSION_AT = 8;
    public static final long MODE = 12;
    public static final long MACHINE_PAGES = 16;
    public static final long RAM_PAGES = 20;
    public static final long POPULATED = 24;
    public static final long POOL_PAGES = 28;
    public static final long FLAGS = 32;
    public static final long VCPUS = 36;
    public static final long GENERATION = 40;
    public static final long EPT_POINTER = 48;
    public static final long COUNTERS = 64;
    public static final long VCPU = 512;

    /** Bytes of a vCPU's part. */
    public static final int VCPU_BYTES = 128;

    /** In a vCPU's part. */
    public static final long ROOT = 0;

    public static final long USER_ROOT = 8;
    public static final long FLUSH = 16;
    public static final long INVALIDATE = 24;
    public static final long LINEAR = 32;
    public static final long CR3 = 40;
    public static final long CR0 = 48;
    public static final long CR4 = 56;
    public static final long EFER = 64;

    private static final VarHandle LONG = JAVA_LONG.varHandle();
    private static final VarHandle INT = JAVA_INT.varHandle();

    private MonitorHeader() {}

    /** Writes the header of fresh memory; everything else in it is 0. */
    public static void write(MemorySegment memory, MonitorLayout layout, PagingMode mode, int flags, int vcpus) {
        memory.set(JAVA_INT, VERSION_AT, VERSION);
        memory.set(JAVA_INT, MODE, mode.code());
        memory.set(JAVA_INT, MACHINE_PAGES, layout.machinePages());
        memory.set(JAVA_INT, RAM_PAGES, layout.ramPages());
        memory.set(JAVA_INT, POPULATED, layout.populated());
        memory.set(JAVA_INT, POOL_PAGES, layout.poolPages());
        memory.set(JAVA_INT, FLAGS, flags);
        memory.set(JAVA_INT, VCPUS, vcpus);
        memory.set(JAVA_LONG, GENERATION, 1);
        LONG.setRelease(memory, 0L, MAGIC);
    }

    /**
     * Where things lie in memory that Dom0 has written.
     *
     * @throws IllegalArgumentException if this is no such header, or one of another version
     */
    public static MonitorLayout layout(MemorySegment memory) {
        if ((long) LONG.getAcquire(memory, 0L) != MAGIC || memory.get(JAVA_INT, VERSION_AT) != VERSION) {
            throw new IllegalArgumentException("no header of version " + VERSION + " in the monitor's memory");
        }
        MonitorLayout layout = new MonitorLayout(
                memory.get(JAVA_INT, MACHINE_PAGES),
                memory.get(JAVA_INT, RAM_PAGES),
                memory.get(JAVA_INT, POPULATED),
                memory.get(JAVA_INT, POOL_PAGES));
        if (layout.bytes() > memory.byteSize()) {
            throw new IllegalArgumentException(layout + " in " + memory.byteSize() + " bytes");
        }
        return layout;
    }

    /** The domain's mode. */
    public static PagingMode mode(MemorySegment memory) {
        return PagingMode.of(memory.get(JAVA_INT, MODE));
    }

    /** Whether stores to shadowed tables trap one by one. */
    public static boolean trapsEveryWrite(MemorySegment memory) {
        return (memory.get(JAVA_INT, FLAGS) & TRAP_EVERY_WRITE) != 0;
    }

    /** The generation: pairs with {@link #newGenerationRelease}. */
    public static long generationAcquire(MemorySegment memory) {
        return (long) LONG.getAcquire(memory, GENERATION);
    }

    /** A translation was taken away or lowered. Only under the lock of the domain's paging. */
    public static void newGenerationRelease(MemorySegment memory) {
        LONG.setRelease(memory, GENERATION, memory.get(JAVA_LONG, GENERATION) + 1);
    }

    /** The EPT pointer; 0 for none. */
    public static long eptPointerAcquire(MemorySegment memory) {
        return (long) LONG.getAcquire(memory, EPT_POINTER);
    }

    public static void eptPointerRelease(MemorySegment memory, long value) {
        LONG.setRelease(memory, EPT_POINTER, value);
    }

    /** A field of a vCPU's part. */
    public static long vcpuAcquire(MemorySegment memory, int vcpu, long field) {
        return (long) LONG.getAcquire(memory, VCPU + (long) vcpu * VCPU_BYTES + field);
    }

    public static void vcpuRelease(MemorySegment memory, int vcpu, long field, long value) {
        LONG.setRelease(memory, VCPU + (long) vcpu * VCPU_BYTES + field, value);
    }

    /** A counter, which may be growing. */
    public static long counter(MemorySegment memory, PagingCounter counter) {
        return memory.get(JAVA_LONG, COUNTERS + (long) counter.ordinal() * Long.BYTES);
    }

    public static void counter(MemorySegment memory, PagingCounter counter, long value) {
        memory.set(JAVA_LONG, COUNTERS + (long) counter.ordinal() * Long.BYTES, value);
    }

    /** An entry of P2M, M2P or the owners, by its offset. */
    public static int mapEntryAcquire(MemorySegment memory, long at) {
        return (int) INT.getAcquire(memory, at);
    }

    public static void mapEntryRelease(MemorySegment memory, long at, int value) {
        INT.setRelease(memory, at, value);
    }

    /** An entry of a table page, by its offset: one atomic load. */
    public static long entryAcquire(MemorySegment memory, long at) {
        return (long) LONG.getAcquire(memory, at);
    }

    /** One atomic store. */
    public static void entryRelease(MemorySegment memory, long at, long value) {
        LONG.setRelease(memory, at, value);
    }
}
