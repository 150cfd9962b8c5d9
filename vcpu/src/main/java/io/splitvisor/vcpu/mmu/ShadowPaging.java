// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.mmu;

/**
 * Shadow mode: the walk is of tables that the monitor derives from the guest's, and whatever they lack is asked for. They
 * allow no store before the guest's own entry is dirty, and none that CR0.WP forbids: without WP, the monitor makes such
 * stores.
 */
public final class ShadowPaging extends MonitorWalk {
    /** {@link #translate}: the guest's tables lead to a page, or are in one, that is no memory. */
    static final int NO_MEMORY = -4;

    /** Traps that may follow each other for one access, before somebody is taken to be mad. */
    private static final int MOST_TRAPS = 64;

    private final PagingTraps traps;
    private PagingControls asLoaded = PagingControls.OFF;

    /**
     * @param tables the shadows
     * @param traps the monitor
     */
    public ShadowPaging(MonitorTables tables, PagingTraps traps) {
        super(tables, false);
        this.traps = traps;
    }

    @Override
    public int translate(long linear, int access, int bank, Mapping out) {
        for (int trap = 0; trap < MOST_TRAPS; trap++) {
            if (walk(linear, access, bank, out) == MAPPED) {
                return MAPPED;
            }
            int answer = traps.fault(linear, access, bank);
            switch (answer) {
                case PagingTraps.MENDED -> {}
                case PagingTraps.EMULATE -> {
                    return EMULATED;
                }
                case PagingTraps.NOTHING -> {
                    return NO_MEMORY;
                }
                default -> {
                    return answer;
                }
            }
        }
        throw new IllegalStateException("the shadow never maps " + Long.toHexString(linear));
    }

    @Override
    boolean mark(int level, long seen, int bits) {
        throw new AssertionError("the monitor sets them");
    }

    @Override
    public void controls(PagingControls controls) {
        asLoaded = controls;
        super.controls(controls.withWriteProtect());
        traps.controls(controls);
    }

    @Override
    public PagingControls controls() {
        return asLoaded;
    }

    @Override
    public void root(long cr3) {
        traps.loadRoot(cr3);
    }

    @Override
    public void invalidate(long linear) {
        traps.invalidate(linear);
    }

    @Override
    public void invalidateAll() {
        traps.controls(asLoaded);
    }

    @Override
    public int store(long linear, int size, long value, int bank) {
        int answer = traps.write(linear, size, value, bank);
        return answer == PagingTraps.MENDED ? MAPPED : answer;
    }

    @Override
    public int compareAndSet(long linear, long expected, long value, int bank) {
        int answer = traps.compareAndSet(linear, expected, value, bank);
        return switch (answer) {
            case PagingTraps.MENDED -> MAPPED;
            case PagingTraps.DIFFERENT -> DIFFERENT;
            default -> answer;
        };
    }
}
