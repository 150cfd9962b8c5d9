// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu;

/** What CPUID answers: data, chosen by the host. */
@FunctionalInterface
public interface Cpuid {
    /** The four registers of an answer. */
    record Leaf(int eax, int ebx, int ecx, int edx) {
        /** The answer for what does not exist. */
        public static final Leaf ZERO = new Leaf(0, 0, 0, 0);
    }

    /**
     * The answer for a leaf.
     *
     * @param eax the leaf
     * @param ecx the sub-leaf
     */
    Leaf leaf(int eax, int ecx);

    /**
     * The baseline and what most guests are better off without: process-context identifiers, with which hot code is translated
     * once for each, INVPCID, and UMIP.
     */
    static Cpuid full() {
        return BaselineCpuid::full;
    }

    /**
     * The processor as it is: what this module executes, nothing else. Vendor "SplitvisorX8", long mode, NX, 48-bit
     * linear and 46-bit physical addresses.
     */
    static Cpuid baseline() {
        return BaselineCpuid::leaf;
    }
}
