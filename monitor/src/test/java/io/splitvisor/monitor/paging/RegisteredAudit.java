// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.paging;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.paging.MonitorHeader;
import io.splitvisor.abi.paging.PageTableEntry;
import io.splitvisor.abi.paging.PagingCounter;
import io.splitvisor.monitor.memory.FrameTable;
import io.splitvisor.monitor.memory.FrameType;
import io.splitvisor.monitor.memory.FrameTypes;

/** Counts every reference and every use of a domain's pages anew, from the tables alone, and compares. */
final class RegisteredAudit {
    private final RegisteredPaging paging;
    private final FrameTable frames;
    private final FrameTypes types;
    private final int pages;
    private final int[] references;
    private final int[] writers;
    private final int[] tables;
    private final int[] linear;

    private RegisteredAudit(RegisteredGuest guest) {
        this.paging = guest.paging;
        this.frames = guest.frames;
        this.types = guest.types;
        this.pages = guest.guest.domain().memory().layout().vcpuControl(0);
        this.references = new int[pages];
        this.writers = new int[pages];
        this.tables = new int[pages];
        this.linear = new int[pages];
    }

    /** Everything is as it is counted. Nobody but tables may use a page just now. */
    static void check(RegisteredGuest guest) {
        RegisteredAudit audit = new RegisteredAudit(guest);
        audit.count();
        audit.compare();
        long used = MonitorHeader.counter(guest.guest.domain().monitorPages().segment(), PagingCounter.POOL_USED);
        assertThat(used).isEqualTo(guest.paging.tables().index().count());
    }

    /** And there is no table left. */
    static void checkEmpty(RegisteredGuest guest) {
        check(guest);
        assertThat(guest.paging.tables().index().count()).isZero();
    }

    private void count() {
        for (int vcpu = 0; vcpu < 2; vcpu++) {
            use(paging.root(vcpu, false));
            use(paging.root(vcpu, true));
        }
        paging.descriptors().pages().forEach(page -> {
            use(page);
            assertThat(types.type(page)).isEqualTo(FrameType.SEGDESC);
            assertThat(types.isValidated(page)).isTrue();
        });
        for (RegisteredTable table : paging.tables().index().all()) {
            references[table.machine]++;
            assertThat(types.type(table.machine)).isEqualTo(FrameType.table(table.level));
            if (types.isPinned(table.machine)) {
                use(table.machine);
            }
            assertThat(types.isPartial(table.machine)).isNotEqualTo(types.isValidated(table.machine));
            if (types.isPartial(table.machine)) {
                tables[table.machine]++;
            } else {
                assertThat(table.isComplete()).isTrue();
            }
            for (int i = 0; i < table.validated; i++) {
                entry(table, paging.tables().original(table, i));
            }
        }
    }

    private void entry(RegisteredTable table, long entry) {
        if (!PageTableEntry.isPresent(entry)) {
            return;
        }
        int machine = (int) PageTableEntry.frame(entry);
        if (table.level > 1) {
            if (machine == table.machine) {
                assertThat(entry & PageTableEntry.WRITABLE).isZero();
                return;
            }
            use(machine);
            if (types.type(machine) == FrameType.table(table.level)) {
                assertThat(entry & PageTableEntry.WRITABLE).isZero();
                linear[table.machine]++;
                linear[machine]--;
            } else {
                assertThat(types.type(machine)).isEqualTo(FrameType.table(table.level - 1));
            }
            return;
        }
        references[machine]++;
        if ((entry & PageTableEntry.WRITABLE) != 0) {
            writers[machine]++;
        }
    }

    private void use(int machine) {
        if (machine != FrameTable.NONE) {
            references[machine]++;
            tables[machine]++;
        }
    }

    private void compare() {
        for (RegisteredTable table : paging.tables().index().all()) {
            assertThat(table.linear()).as("linear entries of %d", table.machine).isEqualTo(linear[table.machine]);
        }
        for (int machine = 0; machine < pages; machine++) {
            int special = frames.isRam(machine) ? 0 : 1;
            assertThat(frames.references(machine))
                    .as("references of %d", machine)
                    .isEqualTo(references[machine]);
            assertThat(types.count(machine))
                    .as("type count of %d", machine)
                    .isEqualTo(writers[machine] + tables[machine] + special);
            assertThat(writers[machine] == 0 || tables[machine] == 0)
                    .as("%d writable and a table", machine)
                    .isTrue();
            if (writers[machine] > 0) {
                assertThat(types.type(machine)).isEqualTo(FrameType.WRITABLE);
            }
        }
    }
}
