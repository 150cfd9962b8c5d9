// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.paging;

import io.splitvisor.abi.paging.MonitorHeader;
import io.splitvisor.abi.paging.PageTableEntry;
import io.splitvisor.abi.paging.PagingCounter;
import java.util.List;

/**
 * The trees of shadows that vCPUs walk: their roots, and how shadows come and go. What the guest's tables were found to say is
 * put in entry by entry; where there is no room, shadows are thrown away.
 */
final class ShadowTrees {
    private static final int TOP = 4;

    private final MonitorMemory memory;
    private final TablePool pool;
    private final ShadowTables shadows;
    private final GuestWalk guest;
    private final ShadowSync sync;
    private final Shadow[] roots;

    /** @param guest the walk whose outcome {@link #fill} takes */
    ShadowTrees(
            MonitorMemory memory, TablePool pool, ShadowTables shadows, GuestWalk guest, ShadowSync sync, int vcpus) {
        this.memory = memory;
        this.pool = pool;
        this.shadows = shadows;
        this.guest = guest;
        this.sync = sync;
        this.roots = new Shadow[vcpus];
    }

    /** The root of a vCPU; null if there is none yet, or no more. */
    Shadow root(int vcpu) {
        return roots[vcpu];
    }

    /** A vCPU goes on with another root, by its frame. If there is no shadow of it, the first {@link #fill} makes it. */
    void load(int vcpu, long frame) {
        Shadow known = shadows.find(Shadow.Kind.L4, frame);
        if (known != null) {
            shadows.use(known);
        }
        root(vcpu, known);
    }

    private void root(int vcpu, Shadow root) {
        if (roots[vcpu] != null) {
            roots[vcpu].roots--;
        }
        roots[vcpu] = root;
        if (root != null) {
            root.roots++;
        }
        memory.vcpu(vcpu, MonitorHeader.ROOT, root == null ? 0 : PageTableEntry.of(root.page, 0));
    }

    /**
     * Puts the translation that the guest's walk has just found into the tree of a vCPU.
     *
     * @return false if there is no room
     */
    boolean fill(int vcpu, long cr3, long linear, Controls controls) {
        if (roots[vcpu] == null) {
            root(vcpu, shadow(Shadow.Kind.L4, PageTableEntry.frame(cr3), controls));
        }
        Shadow shadow = roots[vcpu];
        int level = TOP;
        while (shadow != null && level > 1) {
            boolean within = level < guest.leafLevel();
            // Below a large page there is no table of the guest's: its entry says everything.
            long entry = within ? 0 : guest.entry(level);
            Shadow child = within
                    ? shadow(Shadow.Kind.SPLIT_2M, guest.leafFrame() & -PageTableEntry.ENTRIES, controls)
                    : shadow(ShadowSync.childKind(entry, level), ShadowSync.childFrame(entry, level), controls);
            if (child != null) {
                int i = PageTableEntry.index(linear, level);
                long link = within ? wholeLink(child) : ShadowSync.link(entry, level, child);
                if (shadows.child(shadow, i) != child) {
                    sync.beforeLink(child, controls);
                }
                shadows.set(shadow, i, link);
            }
            shadow = child;
            level--;
        }
        if (shadow == null) {
            return false;
        }
        long leaf = guest.leafLevel() > 1 ? sync.part(guest.leafFrame()) : sync.leaf(guest.entry(1), controls);
        shadows.set(shadow, PageTableEntry.index(linear, 1), leaf);
        memory.count(PagingCounter.FILLS);
        return true;
    }

    private static long wholeLink(Shadow child) {
        long rights = PageTableEntry.PRESENT | PageTableEntry.ACCESSED | PageTableEntry.WRITABLE | PageTableEntry.USER;
        return PageTableEntry.of(child.page, rights);
    }

    /** A shadow that is there, or is made; null if there is no room. */
    private Shadow shadow(Shadow.Kind kind, long frame, Controls controls) {
        Shadow shadow = shadows.find(kind, frame);
        if (shadow != null) {
            shadows.use(shadow);
            return shadow;
        }
        while (pool.used() >= pool.limit()) {
            Shadow victim = shadows.victim();
            if (victim == null) {
                return null;
            }
            evict(victim);
        }
        shadow = shadows.create(kind, frame);
        if (kind.isTable()) {
            sync.protect(frame, controls);
        }
        return shadow;
    }

    private void evict(Shadow victim) {
        sync.forget(victim);
        shadows.evict(victim);
    }

    /** Makes do with so many pages, which are enough for the roots. */
    void shrink(int pages) {
        while (pool.used() > pages) {
            evict(shadows.victim());
        }
        pool.limit(pages);
    }

    /** A frame loses its page: nothing may lead there any more, and its tables have no meaning (rows S5, T4). */
    void lose(long frame, int machine) {
        shadows.unmap(machine);
        for (int level = 1; level <= TOP; level++) {
            Shadow shadow = shadows.find(Shadow.Kind.table(level), frame);
            if (shadow != null) {
                remove(shadow);
            }
        }
    }

    private void remove(Shadow shadow) {
        for (int vcpu = 0; vcpu < roots.length; vcpu++) {
            if (roots[vcpu] == shadow) {
                root(vcpu, null);
            }
        }
        sync.forget(shadow);
        shadows.remove(shadow);
    }

    /** Throws so many shadows away; whether none is left. */
    boolean clear(int most) {
        List<Shadow> all = shadows.all();
        all.stream().limit(most).forEach(this::remove);
        return all.size() <= most;
    }
}
