// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.decode;

import io.splitvisor.vcpu.Cpuid;
import java.util.EnumSet;
import java.util.Set;

/** A group of instructions that CPUID announces in leaf 1. What it hides is undefined. */
public enum Feature {
    /** What every processor with long mode has, SSE2 included. */
    BASE(0, 0),
    /** The x87. */
    X87(1, 0),
    /** MMX, with what SSE and SSE2 added to it. */
    MMX(1 << 23, 0),
    /** SSE3. */
    SSE3(0, 1),
    /** SSSE3. */
    SSSE3(0, 1 << 9),
    /** SSE4.1. */
    SSE4_1(0, 1 << 19),
    /** SSE4.2. */
    SSE4_2(0, 1 << 20),
    /** POPCNT. */
    POPCNT(0, 1 << 23);

    private final int edx;
    private final int ecx;

    Feature(int edx, int ecx) {
        this.edx = edx;
        this.ecx = ecx;
    }

    /** What a CPUID announces. */
    public static Set<Feature> announced(Cpuid cpuid) {
        Cpuid.Leaf leaf = cpuid.leaf(1, 0);
        Set<Feature> features = EnumSet.noneOf(Feature.class);
        for (Feature feature : values()) {
            if ((leaf.edx() & feature.edx) == feature.edx && (leaf.ecx() & feature.ecx) == feature.ecx) {
                features.add(feature);
            }
        }
        return features;
    }
}
