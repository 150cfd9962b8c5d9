// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.paging;

/** A shadow table: what it is derived from, and its page. */
final class Shadow {
    /** What shadows are derived from. */
    enum Kind {
        /** A guest's table of level 1. */
        L1(1),
        L2(2),
        L3(3),
        L4(4),
        /** A large page of 2 MiB, as 512 small ones. */
        SPLIT_2M(1),
        /** A large page of 1 GiB, as 512 of 2 MiB. */
        SPLIT_1G(2);

        /** The level of the shadow. */
        final int level;

        Kind(int level) {
            this.level = level;
        }

        /** The kind for a guest's table of a level. */
        static Kind table(int level) {
            return ALL[level - 1];
        }

        /** Whether it is derived from a table, and not from an entry. */
        boolean isTable() {
            return ordinal() <= L4.ordinal();
        }

        private static final Kind[] ALL = values();
    }

    final Kind kind;

    /** The guest's frame of the table, or the first one of the large page. */
    final long frame;

    /** The table page. */
    final int page;

    /** vCPUs whose root it is. */
    int roots;

    /** The trap that used it last: it is not taken away before that is done. */
    long trap;

    /** Whether the guest may write to the table without a trap, so that entries may be stale. */
    boolean outOfSync;

    /** How often in a row it was brought into sync, and nothing had changed. */
    int quiet;

    /** Neighbours in the order of last use. */
    Shadow older;

    Shadow newer;

    Shadow(Kind kind, long frame, int page) {
        this.kind = kind;
        this.frame = frame;
        this.page = page;
    }
}
