// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.engine;

import io.splitvisor.vcpu.mmu.Mmu;
import io.splitvisor.vcpu.op.WordCode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/** All decoded blocks, by where they lie in guest RAM, so that a change of address space forgets nothing. */
final class BlockCache {
    /** A block takes more words than that, so that no two share an element of {@link #byIndex}. */
    private static final int INDEX_SHIFT = 2;

    private final CodePage[] pages;
    private Block[] byIndex = new Block[1 << 8];
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

    /** The block with an index, or null if it is not kept. */
    Block at(int index) {
        int n = index >> INDEX_SHIFT;
        return n < byIndex.length ? byIndex[n] : null;
    }

    void add(Block b) {
        int n = b.index >> INDEX_SHIFT;
        if (n >= byIndex.length) {
            byIndex = Arrays.copyOf(byIndex, 2 * n);
        }
        byIndex[n] = b;
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
     * @param running a block's index
     * @return whether that was among them
     */
    boolean invalidate(long offset, int size, int running) {
        int n = (int) (offset >>> 12);
        CodePage page = pages[n];
        if (page == null) {
            return false;
        }
        removed.clear();
        page.removeOverlapping(offset, offset + size, removed);
        boolean hit = false;
        for (Block b : removed) {
            b.foundAt(WordCode.NOWHERE, 0);
            b.gone = true;
            byIndex[b.index >> INDEX_SHIFT] = null;
            onGone.accept(b);
            hit |= b.index == running;
            if (b.secondPage >= 0) {
                forget(b, b.offset);
                forget(b, b.secondPage);
            }
        }
        discardIfEmpty(n);
        return hit;
    }

    /** Drops all blocks. */
    void clear() {
        for (int n = 0; n < pages.length; n++) {
            if (pages[n] != null) {
                invalidate((long) n << 12, 4096, WordCode.NONE);
            }
        }
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
