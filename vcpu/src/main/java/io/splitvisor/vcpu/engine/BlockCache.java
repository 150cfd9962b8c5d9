// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.engine;

import io.splitvisor.vcpu.mmu.Mmu;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** All decoded blocks, by where they lie in guest RAM, so that a change of address space forgets nothing. */
final class BlockCache {
    private final CodePage[] pages;
    private final List<Block> removed = new ArrayList<>();
    private final Mmu mmu;
    private final Consumer<Block> onGone;

    /**
     * @param onGone told of every block that is dropped
     */
    BlockCache(Mmu mmu, Consumer<Block> onGone) {
        this.mmu = mmu;
        this.onGone = onGone;
        this.pages = new CodePage[(int) (mmu.ram().byteSize() >>> 12) + 1];
    }

    Block find(long offset, int mode) {
        CodePage page = pages[(int) (offset >>> 12)];
        return page == null ? null : page.find(offset, mode);
    }

    void add(Block b) {
        page(b.offset).add(b);
        if (b.secondPage >= 0) {
            page(b.secondPage).addGuest(b);
        }
    }

    private CodePage page(long offset) {
        int n = (int) (offset >>> 12);
        if (pages[n] == null) {
            pages[n] = new CodePage();
            mmu.watchCode(offset);
        }
        return pages[n];
    }

    /**
     * Drops the blocks that overlap a range inside one page.
     *
     * @return whether {@code running} was among them
     */
    boolean invalidate(long offset, int size, Block running) {
        int n = (int) (offset >>> 12);
        CodePage page = pages[n];
        if (page == null) {
            return false;
        }
        removed.clear();
        page.removeOverlapping(offset, offset + size, removed);
        boolean hit = false;
        for (Block b : removed) {
            b.linear = Block.NOWHERE;
            b.gone = true;
            onGone.accept(b);
            hit |= b == running;
            if (b.secondPage >= 0) {
                forget(b, b.offset);
                forget(b, b.secondPage);
            }
        }
        discardIfEmpty(n);
        return hit;
    }

    private void forget(Block b, long offset) {
        int n = (int) (offset >>> 12);
        if (pages[n] != null) {
            pages[n].forget(b);
            discardIfEmpty(n);
        }
    }

    private void discardIfEmpty(int n) {
        if (pages[n] != null && pages[n].isEmpty()) {
            pages[n] = null;
            mmu.unwatchCode((long) n << 12);
        }
    }
}
