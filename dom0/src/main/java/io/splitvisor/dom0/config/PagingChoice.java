// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.config;

import io.splitvisor.abi.paging.PagingMode;
import java.util.Objects;
import java.util.OptionalLong;

/**
 * How a domain's memory is to be virtualized.
 *
 * @param mode the mode
 * @param tableMib memory for the monitor's tables in MiB; absent: as much as xl gives
 * @param outOfSync shadow mode: whether tables may be out of sync for a while; if not, each store to one traps
 */
public record PagingChoice(PagingMode mode, OptionalLong tableMib, boolean outOfSync) {
    /** The most memory for tables, in MiB. */
    public static final long MAX_TABLE_MIB = 4096;

    /** What a domain has that asks for nothing. */
    public static final PagingChoice NONE = new PagingChoice(PagingMode.NONE, OptionalLong.empty(), true);

    /** Checks the ranges. */
    public PagingChoice {
        Objects.requireNonNull(mode, "mode");
        if (tableMib.isPresent() && (tableMib.getAsLong() < 1 || tableMib.getAsLong() > MAX_TABLE_MIB)) {
            throw new IllegalArgumentException("shadow_memory: " + tableMib.getAsLong());
        }
    }
}
