// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.decode;

import io.splitvisor.vcpu.Cpuid;
import java.util.EnumSet;
import java.util.Set;

/** A group of instructions that CPUID announces in leaf 1, or in EBX of leaf 7. What it hides is undefined. */
public enum Feature {
    /** What every processor with long mode has, SSE2 included. */
    BASE(0, 0, 0),
    /** The x87. */
    X87(1, 0, 0),
    /** MMX, with what SSE and SSE2 added to it. */
    MMX(1 << 23, 0, 0),
    /** SSE3. */
    SSE3(0, 1, 0),
    /** SSSE3. */
    SSSE3(0, 1 << 9, 0),
    /** SSE4.1. */
    SSE4_1(0, 1 << 19, 0),
    /** SSE4.2. */
    SSE4_2(0, 1 << 20, 0),
    /** POPCNT. */
    POPCNT(0, 1 << 23, 0),
    /** Rounds of AES. */
    AES(0, 1 << 25, 0),
    /** Multiplication of polynomials. */
    PCLMULQDQ(0, 1 << 1, 0),
    /** Rounds of SHA-1 and SHA-256. */
    SHA(0, 0, 1 << 29),
    /** INVPCID. */
    INVPCID(0, 0, 1 << 10);

    private final int edx;
    private final int ecx;
    private final int ebx7;

    Feature(int edx, int ecx, int ebx7) {
        this.edx = edx;
        this.ecx = ecx;
        this.ebx7 = ebx7;
    }

    /** What a CPUID announces. */
    public static Set<Feature> announced(Cpuid cpuid) {
        Cpuid.Leaf leaf = cpuid.leaf(1, 0);
        int ebx = cpuid.leaf(7, 0).ebx();
        Set<Feature> features = EnumSet.noneOf(Feature.class);
        for (Feature feature : values()) {
            if ((leaf.edx() & feature.edx) == feature.edx
                    && (leaf.ecx() & feature.ecx) == feature.ecx
                    && (ebx & feature.ebx7) == feature.ebx7) {
                features.add(feature);
            }
        }
        return features;
    }
}
