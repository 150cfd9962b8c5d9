// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.paging;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Registered tables by machine page. */
final class TableIndex {
    private static final int PART = 1 << 9;

    private RegisteredTable[][] parts = {};
    private int count;

    /** The table; null if the page is none. */
    RegisteredTable get(int machine) {
        int part = machine / PART;
        return part < parts.length && parts[part] != null ? parts[part][machine % PART] : null;
    }

    void add(RegisteredTable table) {
        int part = table.machine / PART;
        if (part >= parts.length) {
            parts = Arrays.copyOf(parts, Math.max(part + 1, parts.length * 2));
        }
        if (parts[part] == null) {
            parts[part] = new RegisteredTable[PART];
        }
        parts[part][table.machine % PART] = table;
        count++;
    }

    void remove(RegisteredTable table) {
        parts[table.machine / PART][table.machine % PART] = null;
        count--;
    }

    int count() {
        return count;
    }

    /** All of them, for the end of a domain and for people. */
    List<RegisteredTable> all() {
        List<RegisteredTable> all = new ArrayList<>(count);
        for (RegisteredTable[] part : parts) {
            if (part != null) {
                for (RegisteredTable table : part) {
                    if (table != null) {
                        all.add(table);
                    }
                }
            }
        }
        return all;
    }
}
