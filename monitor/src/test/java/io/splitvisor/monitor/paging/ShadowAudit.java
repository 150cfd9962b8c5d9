// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.paging;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.paging.PageTableEntry;
import io.splitvisor.abi.paging.PagingCounter;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Looks at every entry of every shadow: it says what the guest's tables say, and what leads where is known. */
final class ShadowAudit {
    private ShadowAudit() {}

    static void check(ShadowGuest guest) {
        ShadowTables shadows = guest.paging.shadows();
        List<Shadow> all = shadows.all();
        assertThat(guest.count(PagingCounter.POOL_USED)).isEqualTo(all.size());
        Map<Integer, Integer> mappings = new HashMap<>();
        Set<Integer> pages = new HashSet<>();
        for (Shadow shadow : all) {
            assertThat(shadows.find(shadow.kind, shadow.frame)).isSameAs(shadow);
            assertThat(shadows.at(shadow.page)).isSameAs(shadow);
            assertThat(pages.add(shadow.page)).isTrue();
            for (int i = 0; i < PageTableEntry.ENTRIES; i++) {
                entry(guest, shadow, i, mappings);
            }
        }
        for (int machine = 0; machine < ShadowGuest.PAGES; machine++) {
            assertThat(shadows.mappings(machine)).isEqualTo(mappings.getOrDefault(machine, 0));
        }
    }

    private static void entry(ShadowGuest guest, Shadow shadow, int i, Map<Integer, Integer> mappings) {
        ShadowTables shadows = guest.paging.shadows();
        long entry = shadows.entry(shadow, i);
        if (!PageTableEntry.isPresent(entry)) {
            return;
        }
        if (shadow.kind.level > 1) {
            assertThat(shadows.child(shadow, i))
                    .as("%s of %d, %d", shadow.kind, shadow.frame, i)
                    .isNotNull();
        } else {
            int machine = (int) PageTableEntry.frame(entry);
            mappings.merge(machine, 1, Integer::sum);
            long frame = guest.guest.domain().memory().frameOf(machine);
            if ((entry & PageTableEntry.WRITABLE) != 0) {
                assertThat(shadows.isProtected(frame))
                        .as("a store to table %d would not be seen", frame)
                        .isFalse();
            }
        }
        if (shadow.kind.isTable() && !shadow.outOfSync) {
            long wanted = guest.paging.sync().wanted(shadow, i, Controls.INITIAL);
            // A right that was gained meanwhile is asked for when it is needed.
            long gained = PageTableEntry.WRITABLE | PageTableEntry.DIRTY;
            assertThat(entry | wanted & gained)
                    .as("%s of %d, entry %d", shadow.kind, shadow.frame, i)
                    .isEqualTo(wanted);
        }
    }
}
