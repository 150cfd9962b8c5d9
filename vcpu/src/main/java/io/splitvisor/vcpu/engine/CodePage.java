// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.engine;

import java.util.ArrayList;
import java.util.List;

/** The blocks of one page of guest RAM, in chains by the 64 bytes in which they start. */
final class CodePage {
    private static final int GRANULE_SHIFT = 6;

    private final Block[] chains = new Block[4096 >> GRANULE_SHIFT];
    /** Instructions that start at the end of another page and end in this one. */
    private final List<Block> guests = new ArrayList<>(0);

    private int blocks;

    Block find(long offset, int mode) {
        Block b = chains[granule(offset)];
        while (b != null && (b.offset != offset || b.mode != mode)) {
            b = b.next;
        }
        return b;
    }

    void add(Block b) {
        int g = granule(b.offset);
        b.next = chains[g];
        chains[g] = b;
        blocks++;
    }

    void addGuest(Block b) {
        guests.add(b);
    }

    boolean isEmpty() {
        return blocks == 0 && guests.isEmpty();
    }

    /** Moves every block that overlaps a range of RAM into a list. */
    void removeOverlapping(long from, long to, List<Block> removed) {
        for (int g = 0; g < chains.length; g++) {
            Block kept = null;
            for (Block b = chains[g]; b != null; ) {
                Block next = b.next;
                if (b.overlaps(from, to)) {
                    removed.add(b);
                    blocks--;
                } else {
                    b.next = kept;
                    kept = b;
                }
                b = next;
            }
            chains[g] = kept;
        }
        guests.removeIf(b -> {
            boolean hit = b.overlaps(from, to);
            if (hit) {
                removed.add(b);
            }
            return hit;
        });
    }

    /** Forgets a block that another page has removed. */
    void forget(Block gone) {
        guests.remove(gone);
        int g = granule(gone.offset);
        Block kept = null;
        for (Block b = chains[g]; b != null; ) {
            Block next = b.next;
            if (b == gone) {
                blocks--;
            } else {
                b.next = kept;
                kept = b;
            }
            b = next;
        }
        chains[g] = kept;
    }

    private static int granule(long offset) {
        return (int) (offset & 4095) >> GRANULE_SHIFT;
    }
}
