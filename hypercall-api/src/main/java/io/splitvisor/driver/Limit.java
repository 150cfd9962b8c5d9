// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver;

import java.lang.foreign.MemorySegment;

/**
 * Which values of a request's field are right. The back end's framework holds every copied request against the limits before
 * a driver sees it.
 *
 * @param smallest at least this; as the field's type orders its values
 * @param largest at most this
 */
public record Limit(Field.Scalar field, long smallest, long largest) {
    /** Whether a request keeps to it. */
    public boolean holds(MemorySegment memory, long at) {
        long value = ordered(field.read(memory, at));
        return value >= ordered(smallest) && value <= ordered(largest);
    }

    /** Whether no value keeps to it. */
    boolean isEmpty() {
        return ordered(smallest) > ordered(largest);
    }

    /** 64 unsigned bits are ordered as such; the values of all other types fit a long. */
    private long ordered(long value) {
        return field.largest() == -1 ? value ^ Long.MIN_VALUE : value;
    }
}
