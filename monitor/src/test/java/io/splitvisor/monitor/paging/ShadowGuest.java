// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.paging;

import static io.splitvisor.abi.paging.PageTableEntry.PRESENT;
import static io.splitvisor.abi.paging.PageTableEntry.USER;
import static io.splitvisor.abi.paging.PageTableEntry.WRITABLE;
import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.Hypercall;
import io.splitvisor.abi.paging.MonitorHeader;
import io.splitvisor.abi.paging.PageTableEntry;
import io.splitvisor.abi.paging.PagingCounter;
import io.splitvisor.abi.paging.PagingMode;
import io.splitvisor.abi.paging.PagingTrap;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.monitor.Guest;
import io.splitvisor.monitor.Hypervisor;
import io.splitvisor.monitor.memory.FrameTable;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A guest with shadow page tables, and an MMU without a TLB that walks what the monitor has built and traps for the rest.
 * Its first address space maps all RAM at its own place, tables included.
 */
final class ShadowGuest {
    static final int PAGES = 1024;
    static final int L4 = 100;
    static final int L3 = 101;
    static final int L2 = 102;
    static final int L1 = 103;
    static final long RIGHTS = PRESENT | WRITABLE | USER;
    private static final int MOST_TRAPS = 8;

    final Hypervisor hypervisor;
    final Guest guest;
    final ShadowPaging paging;
    final FrameTable frames;
    final MemorySegment ram;
    final MemorySegment monitor;
    int faults;

    ShadowGuest(Hypervisor hypervisor, int poolPages, boolean trapEveryWrite) {
        this.hypervisor = hypervisor;
        this.guest = hypervisor.guest(
                new DomainLayout(PAGES, 2, 2), new PagingConfig(PagingMode.SHADOW, poolPages, trapEveryWrite));
        this.paging = (ShadowPaging) guest.domain().paging();
        this.frames = guest.domain().memory().frames();
        this.ram = guest.memory();
        this.monitor = guest.domain().monitorPages().segment();
        buildIdentity(L4);
        assertThat(loadCr3(L4)).isZero();
    }

    /** Tables at four pages and one more from a page on: all RAM at its own place. */
    void buildIdentity(int first) {
        poke(first, 0, entry(first + 1, RIGHTS));
        poke(first + 1, 0, entry(first + 2, RIGHTS));
        poke(first + 2, 0, entry(first + 3, RIGHTS));
        poke(first + 2, 1, entry(first + 4, RIGHTS));
        for (int i = 0; i < 512; i++) {
            poke(first + 3, i, entry(i, RIGHTS));
            poke(first + 4, i, entry(512 + i, RIGHTS));
        }
    }

    static long entry(long frame, long flags) {
        return PageTableEntry.of(frame, flags);
    }

    void poke(long frame, int index, long entry) {
        ram.set(ValueLayout.JAVA_LONG, frame * 4096 + index * 8L, entry);
    }

    long peek(long frame, int index) {
        return ram.get(ValueLayout.JAVA_LONG, frame * 4096 + index * 8L);
    }

    long trap(int command, long... words) {
        long[] all = new long[6];
        all[0] = command;
        System.arraycopy(words, 0, all, 1, words.length);
        return hypervisor.call(guest, Hypercall.ARCH_7, all);
    }

    long loadCr3(long frame) {
        return trap(PagingTrap.LOAD_CR3, frame << 12);
    }

    long invlpg(long linear) {
        return trap(PagingTrap.INVLPG, linear);
    }

    /** The leaf of the shadow for an address; 0 if there is none. All rights on the way are in it. */
    long shadowLeaf(long linear) {
        long table = MonitorHeader.vcpuAcquire(monitor, 0, MonitorHeader.ROOT);
        long rights = WRITABLE | USER;
        for (int level = 4; table != 0; level--) {
            long at = (table & PageTableEntry.FRAME_MASK) + PageTableEntry.index(linear, level) * 8L;
            long entry = MonitorHeader.entryAcquire(monitor, at);
            if (!PageTableEntry.isPresent(entry)) {
                return 0;
            }
            rights &= entry;
            if (level == 1) {
                return entry & ~(WRITABLE | USER) | rights;
            }
            table = entry;
        }
        return 0;
    }

    /** An access: the offset in RAM, or a negative number: -1 - the error code of a page fault, or {@code Long.MIN_VALUE}. */
    long access(long linear, int access) {
        long needed = (access & PagingTrap.WRITE_ACCESS) != 0 ? PRESENT | WRITABLE : PRESENT;
        if ((access & PagingTrap.USER) != 0) {
            needed |= USER;
        }
        for (int i = 0; i < MOST_TRAPS; i++) {
            long leaf = shadowLeaf(linear);
            if ((leaf & needed) == needed) {
                return (leaf & PageTableEntry.FRAME_MASK) + (linear & 4095);
            }
            faults++;
            long answer = trap(PagingTrap.FAULT, linear, access);
            if (PagingTrap.isPageFault(answer)) {
                return -1 - PagingTrap.errorCode(answer);
            }
            if (answer == PagingTrap.EMULATE) {
                return Long.MIN_VALUE;
            }
            assertThat(answer).isEqualTo(PagingTrap.MENDED);
        }
        throw new AssertionError("never mapped: " + Long.toHexString(linear));
    }

    /** Reads 8 bytes. */
    long read(long linear) {
        long at = access(linear, 0);
        assertThat(at).as("%x", linear).isNotNegative();
        return ram.get(ValueLayout.JAVA_LONG, at);
    }

    /** Writes 8 bytes, itself or through the monitor; 0, or what the trap answered. */
    long write(long linear, long value) {
        long at = access(linear, PagingTrap.WRITE_ACCESS);
        if (at >= 0) {
            ram.set(ValueLayout.JAVA_LONG, at, value);
            return 0;
        }
        return at == Long.MIN_VALUE
                ? trap(PagingTrap.WRITE, linear, PagingTrap.WRITE_ACCESS, 8, value)
                : PagingTrap.pageFault((int) (-1 - at));
    }

    /** Writes an entry of a table that the first address space maps at its own place. */
    void writeEntry(long frame, int index, long entry) {
        assertThat(write(frame * 4096 + index * 8L, entry)).isZero();
    }

    long count(PagingCounter counter) {
        return MonitorHeader.counter(monitor, counter);
    }
}
