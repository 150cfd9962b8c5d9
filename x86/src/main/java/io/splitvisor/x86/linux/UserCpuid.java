// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.linux;

import io.splitvisor.vcpu.Cpuid;

/**
 * What programs see of the processor: the baseline, with a vendor's name that the C library knows. It looks at the
 * features of no other's, and then refuses to run because there are none. The vendor is AMD, as QEMU's is, whose leaves
 * for the sizes of caches are the simpler ones.
 */
final class UserCpuid {
    private static final int EXTENDED = 0x8000_0000;
    private static final Cpuid BASELINE = Cpuid.baseline();

    /** 32 KiB each, 8 ways, lines of 64 bytes. */
    private static final int L1 = 32 << 24 | 8 << 16 | 1 << 8 | 64;
    /** 512 KiB, 8 ways. */
    private static final int L2 = 512 << 16 | 6 << 12 | 1 << 8 | 64;
    /** 8 MiB, 16 ways. */
    private static final int L3 = 16 << 18 | 8 << 12 | 1 << 8 | 64;

    private UserCpuid() {}

    static Cpuid.Leaf leaf(int eax, int ecx) {
        Cpuid.Leaf leaf = BASELINE.leaf(eax, ecx);
        return switch (eax) {
            case 0, EXTENDED -> new Cpuid.Leaf(leaf.eax(), word("Auth"), word("cAMD"), word("enti"));
            case EXTENDED + 5 -> new Cpuid.Leaf(0, 0, L1, L1);
            case EXTENDED + 6 -> new Cpuid.Leaf(0, 0, L2, L3);
            default -> leaf;
        };
    }

    /** EDX of leaf 1, which programs get in their auxiliary vector. */
    static long features() {
        return leaf(1, 0).edx() & 0xffff_ffffL;
    }

    private static int word(String four) {
        return four.charAt(0) | four.charAt(1) << 8 | four.charAt(2) << 16 | four.charAt(3) << 24;
    }
}
