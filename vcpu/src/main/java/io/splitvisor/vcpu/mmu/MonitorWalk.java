// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.mmu;

/** A walk of 4-level tables that the monitor keeps. */
abstract class MonitorWalk extends LongWalk {
    private static final int LEVELS = 4;

    private final MonitorTables tables;

    MonitorWalk(MonitorTables tables, boolean keepsBits) {
        super(keepsBits);
        this.tables = tables;
    }

    MonitorTables tables() {
        return tables;
    }

    /** {@link LongWalk#walk} from the root that the monitor names; without one nothing is mapped. */
    int walk(long linear, int access, int bank, Mapping out) {
        long root = tables.root();
        if (root == 0) {
            countWalk();
            return rules().error(access, bank, 0);
        }
        return walk(linear, access, bank, out, root, LEVELS);
    }

    @Override
    long read(long at, int level) {
        return tables.entry(at);
    }

    @Override
    public long settle(Tlb tlb) {
        return tables.settle(tlb);
    }
}
