// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor;

import io.splitvisor.abi.HvmParam;
import java.util.concurrent.atomic.AtomicLongArray;

/** The parameters of a domain: where its special pages and channels are, and how it is told about events. Thread-safe. */
public final class HvmParams {
    private final AtomicLongArray values = new AtomicLongArray(HvmParam.NR_PARAMS);

    /**
     * A parameter's value; 0 at first.
     *
     * @param index an {@link HvmParam} below {@link HvmParam#NR_PARAMS}
     */
    public long get(int index) {
        return values.get(index);
    }

    /** Sets a parameter; what it means is the caller's business. */
    public void set(int index, long value) {
        values.set(index, value);
    }
}
