// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** The answers of {@link Cpuid#baseline}. */
final class BaselineCpuid {
    private static final int[] VENDOR = words("SplitvisorX8");
    private static final int[] BRAND = words("Splitvisor virtual x86-64 processor             ");
    /** Family 6, model 6, stepping 3, as emulators choose when they mean "any". */
    private static final int SIGNATURE = 0x663;

    // Leaf 1, EDX.
    private static final int FPU = 1;
    private static final int DE = 1 << 2;
    private static final int PSE = 1 << 3;
    private static final int TSC = 1 << 4;
    private static final int MSR = 1 << 5;
    private static final int PAE = 1 << 6;
    private static final int CX8 = 1 << 8;
    private static final int SEP = 1 << 11;
    private static final int PGE = 1 << 13;
    private static final int CMOV = 1 << 15;
    private static final int PAT = 1 << 16;
    private static final int PSE36 = 1 << 17;
    private static final int CLFSH = 1 << 19;
    private static final int MMX = 1 << 23;
    private static final int FXSR = 1 << 24;
    private static final int SSE = 1 << 25;
    private static final int SSE2 = 1 << 26;
    // Leaf 1, ECX.
    private static final int SSE3 = 1;
    private static final int PCLMULQDQ = 1 << 1;
    private static final int SSSE3 = 1 << 9;
    private static final int CX16 = 1 << 13;
    private static final int PCID = 1 << 17;
    private static final int SSE4_1 = 1 << 19;
    private static final int SSE4_2 = 1 << 20;
    private static final int POPCNT = 1 << 23;
    private static final int AES = 1 << 25;
    // Leaf 7, EBX.
    private static final int FSGSBASE = 1;
    private static final int SMEP = 1 << 7;
    private static final int INVPCID = 1 << 10;
    /** FPU CS and DS are stored as zero. */
    private static final int NO_FPU_SELECTORS = 1 << 13;

    private static final int SMAP = 1 << 20;
    private static final int SHA = 1 << 29;
    // Leaf 7, ECX.
    private static final int UMIP = 1 << 2;
    // Leaf 0x80000001.
    private static final int SYSCALL = 1 << 11;
    private static final int NX = 1 << 20;
    private static final int PAGE_1G = 1 << 26;
    private static final int RDTSCP = 1 << 27;
    private static final int LONG_MODE = 1 << 29;
    private static final int LAHF_64 = 1;

    private BaselineCpuid() {}

    static Cpuid.Leaf leaf(int eax, int ecx) {
        return switch (eax) {
            case 0 -> new Cpuid.Leaf(7, VENDOR[0], VENDOR[2], VENDOR[1]);
            case 1 ->
                new Cpuid.Leaf(
                        SIGNATURE,
                        8 << 8,
                        SSE3 | PCLMULQDQ | SSSE3 | CX16 | SSE4_1 | SSE4_2 | POPCNT | AES,
                        FPU | DE | PSE | TSC | MSR | PAE | CX8 | SEP | PGE | CMOV | PAT | PSE36 | CLFSH | MMX | FXSR
                                | SSE | SSE2);
            case 7 ->
                ecx == 0 ? new Cpuid.Leaf(0, FSGSBASE | SMEP | NO_FPU_SELECTORS | SMAP | SHA, 0, 0) : Cpuid.Leaf.ZERO;
            case 0x8000_0000 -> new Cpuid.Leaf(0x8000_0008, VENDOR[0], VENDOR[2], VENDOR[1]);
            case 0x8000_0001 -> new Cpuid.Leaf(SIGNATURE, 0, LAHF_64, SYSCALL | NX | PAGE_1G | RDTSCP | LONG_MODE);
            case 0x8000_0002, 0x8000_0003, 0x8000_0004 -> {
                int at = (eax - 0x8000_0002) * 4;
                yield new Cpuid.Leaf(BRAND[at], BRAND[at + 1], BRAND[at + 2], BRAND[at + 3]);
            }
            case 0x8000_0008 -> new Cpuid.Leaf(48 << 8 | 46, 0, 0, 0);
            default -> Cpuid.Leaf.ZERO;
        };
    }

    /** See {@link Cpuid#full}. */
    static Cpuid.Leaf full(int eax, int ecx) {
        Cpuid.Leaf leaf = leaf(eax, ecx);
        if (eax == 1) {
            return new Cpuid.Leaf(leaf.eax(), leaf.ebx(), leaf.ecx() | PCID, leaf.edx());
        }
        return eax == 7 && ecx == 0
                ? new Cpuid.Leaf(leaf.eax(), leaf.ebx() | INVPCID, leaf.ecx() | UMIP, leaf.edx())
                : leaf;
    }

    private static int[] words(String text) {
        ByteBuffer bytes =
                ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)).order(ByteOrder.LITTLE_ENDIAN);
        int[] words = new int[text.length() / 4];
        bytes.asIntBuffer().get(words);
        return words;
    }
}
