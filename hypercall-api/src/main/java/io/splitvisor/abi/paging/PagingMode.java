// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.paging;

import java.util.Locale;

/** How a domain's memory is virtualized. The codes stand in the header of the monitor memfd. */
public enum PagingMode {
    /** Not at all: the guest uses its memory without page tables. */
    NONE,
    /** The MMU walks tables that the monitor derives from the guest's on faults. */
    SHADOW,
    /** The MMU walks the monitor's copies of tables that the guest registers, and changes by hypercall, as under Xen PV. */
    REGISTERED,
    /** The MMU walks the guest's tables, and the monitor's extended tables for every guest-physical address. */
    EPT;

    /** Its number in the header. */
    public int code() {
        return ordinal();
    }

    /** Its name in a configuration. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * The mode with a number.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static PagingMode of(int code) {
        PagingMode[] all = values();
        if (code < 0 || code >= all.length) {
            throw new IllegalArgumentException("paging mode " + code);
        }
        return all[code];
    }

    /** The mode with a name, as in a configuration; null if there is none. */
    public static PagingMode named(String word) {
        for (PagingMode mode : values()) {
            if (mode.word().equals(word)) {
                return mode;
            }
        }
        return null;
    }
}
