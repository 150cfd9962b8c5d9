// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.memory;

import java.util.Locale;

/** What a machine page is used as while its type count is not zero: Xen's {@code PGT_*}. The order is that of the codes. */
public enum FrameType {
    NONE,
    L1,
    L2,
    L3,
    L4,
    /** A descriptor table. */
    SEGDESC,
    WRITABLE;

    private static final FrameType[] ALL = values();

    static FrameType of(int code) {
        return ALL[code];
    }

    /** The type of page tables of a level, 1 to 4. */
    public static FrameType table(int level) {
        return ALL[level];
    }

    /** The level of a page table; 0 for other types. */
    public int level() {
        return ordinal() <= L4.ordinal() ? ordinal() : 0;
    }

    /** Its name in output. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
