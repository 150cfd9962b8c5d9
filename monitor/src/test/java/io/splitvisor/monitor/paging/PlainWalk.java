// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.paging;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.monitor.memory.FrameTable;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * What an access is to find, written down from the architecture manual and from nothing else.
 *
 * @param fault the error code of a page fault; -1 for none
 * @param hole whether the way ends at a frame without a page
 * @param address where the access goes
 * @param entries where the entries of the walk lie
 */
record PlainWalk(int fault, boolean hole, long address, List<Long> entries) {
    static PlainWalk of(ShadowGuest guest, long root, long linear, int access) {
        boolean write = (access & 2) != 0;
        boolean user = (access & 4) != 0;
        int shown = access & 6;
        long table = root;
        boolean writable = true;
        boolean forUsers = true;
        List<Long> entries = new ArrayList<>();
        for (int shift = 39; ; shift -= 9) {
            int machine = guest.frames.machine(table);
            if (machine == FrameTable.NONE) {
                return new PlainWalk(-1, true, 0, entries);
            }
            long at = machine * 4096L + (linear >>> shift & 511) * 8;
            long entry = guest.ram.get(ValueLayout.JAVA_LONG, at);
            entries.add(at);
            if ((entry & 1) == 0) {
                return new PlainWalk(shown, false, 0, entries);
            }
            boolean large = (entry & 0x80) != 0;
            boolean leaf = shift == 12 || (large && shift < 39);
            boolean reserved = (entry & 0x000f_c000_0000_0000L) != 0
                    || (large && shift == 39)
                    || (leaf && shift > 12 && (entry & (1L << shift) - 0x2000) != 0);
            if (reserved) {
                return new PlainWalk(shown | 9, false, 0, entries);
            }
            writable &= (entry & 2) != 0;
            forUsers &= (entry & 4) != 0;
            if (leaf) {
                if ((write && !writable) || (user && !forUsers)) {
                    return new PlainWalk(shown | 1, false, 0, entries);
                }
                long base = entry & 0x0000_3fff_ffff_f000L & -(1L << shift);
                long physical = base | linear & (1L << shift) - 1;
                int page = guest.frames.machine(physical >>> 12);
                return new PlainWalk(-1, page == FrameTable.NONE, page * 4096L + (physical & 4095), entries);
            }
            table = (entry & 0x0000_3fff_ffff_f000L) >>> 12;
        }
    }

    /** After an access that was allowed, every entry is marked as accessed, and the last one as dirty if it was a store. */
    void checkBits(ShadowGuest guest, int access) {
        if (fault >= 0) {
            return;
        }
        for (int i = 0; i < entries.size(); i++) {
            long entry = guest.ram.get(ValueLayout.JAVA_LONG, entries.get(i));
            assertThat(entry & 0x20).as("accessed bit of entry %d", i).isNotZero();
            if (i == entries.size() - 1 && (access & 2) != 0) {
                assertThat(entry & 0x40).as("dirty bit").isNotZero();
            }
        }
    }
}
