// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.config;

/**
 * What a domain gets of the host's processors, in the words of Xen's credit scheduler.
 *
 * @param weight a domain with twice the weight of another gets twice as much where both want all they can get: 1 to 65535
 * @param cap the most it gets, even if nobody else wants it, in hundredths of a processor; 0 for no limit
 */
public record CpuShare(int weight, int cap) {
    /** The largest weight. */
    public static final int MAX_WEIGHT = 65535;

    /** The largest cap: more processors than any host has. */
    public static final int MAX_CAP = 65535;

    /** What a domain has that asks for nothing. */
    public static final CpuShare DEFAULT = new CpuShare(256, 0);

    /** Checks the ranges. */
    public CpuShare {
        if (weight < 1 || weight > MAX_WEIGHT) {
            throw new IllegalArgumentException("weight " + weight);
        }
        if (cap < 0 || cap > MAX_CAP) {
            throw new IllegalArgumentException("cap " + cap);
        }
    }
}
