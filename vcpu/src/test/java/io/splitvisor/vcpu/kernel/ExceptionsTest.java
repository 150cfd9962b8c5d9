// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.vcpu.Exit;
import org.junit.jupiter.api.Test;

/** Vectors, error codes and saved instruction pointers of exceptions, seen by a kernel in long mode. */
class ExceptionsTest {
    /** Runs one faulting instruction at "fault" and reports what the handler saw, relative to it. */
    private static TestKernel fault(String setup, String instruction) {
        TestKernel k = TestKernel.of("""
                %s
                    EXPECT done
                fault:
                    %s
                    REPORT 0xbad
                done:
                    lea rax, [fault]
                    out 0x80, eax
                    mov rax, cr2
                    out 0x80, eax
                    hlt
                """.formatted(setup, instruction));
        assertThat(k.next()).isEqualTo(Exit.HALT);
        return k;
    }

    private static void expect(TestKernel k, int vector, long error) {
        assertThat(k.reports).hasSize(5);
        assertThat(k.reports.get(0)).as("vector").isEqualTo(vector);
        assertThat(k.reports.get(1)).as("error code").isEqualTo(error);
        assertThat(k.reports.get(2)).as("saved rip").isEqualTo(k.reports.get(3));
    }

    @Test
    void shouldReachLongMode() {
        TestKernel k = TestKernel.of("REPORT 0x1234\nhlt");
        assertThat(k.next()).isEqualTo(Exit.HALT);
        assertThat(k.reports).containsExactly(0x1234L);
        assertThat(k.vcpu.registers().efer()).isEqualTo(0xd01);
    }

    @Test
    void shouldRaiseDivideError() {
        expect(fault("xor ecx, ecx\nxor edx, edx\nmov eax, 5", "div ecx"), 0, 0);
    }

    @Test
    void shouldRaiseInvalidOpcode() {
        expect(fault("", "ud2"), 6, 0);
        expect(fault("", ".byte 0xf0, 0x01, 0xc8"), 6, 0);
        expect(fault("", ".byte 0x27"), 6, 0);
        // AVX is hidden by CPUID.
        expect(fault("", "vaddps xmm0, xmm1, xmm2"), 6, 0);
    }

    @Test
    void shouldRaiseGeneralProtectionForInstructionsOfMoreThan15Bytes() {
        expect(fault("", ".fill 15, 1, 0x66\n nop"), 13, 0);
        expect(fault("", ".fill 15, 1, 0x2e\n mov eax, [rax]"), 13, 0);
    }

    @Test
    void shouldRaisePageFaults() {
        TestKernel k = fault("mov qword ptr [PT+8*0x80], 0\ninvlpg [0x80000]", "mov eax, [0x80123]");
        expect(k, 14, 0);
        assertThat(k.reports.get(4)).as("cr2").isEqualTo(0x80123);
        expect(fault("mov qword ptr [PT+8*0x80], 0", "mov dword ptr [0x80000], eax"), 14, 2);
        k = fault("mov qword ptr [PT+8*0x80], 0x80005", "mov dword ptr [0x80ff0], eax");
        expect(k, 14, 3);
        expect(
                fault("mov rax, 0x8000000000080007\nmov [PT+8*0x80], rax\nmov eax, 0x80000", "jmp rax"),
                14,
                0x11,
                0x80000);
    }

    private static void expect(TestKernel k, int vector, long error, long rip) {
        assertThat(k.reports.get(0)).as("vector").isEqualTo(vector);
        assertThat(k.reports.get(1)).as("error code").isEqualTo(error);
        assertThat(k.reports.get(2)).as("saved rip").isEqualTo(rip);
    }

    @Test
    void s2_shouldFaultForReservedBitsAndNeverTruncate() {
        // A frame number beyond the physical width.
        expect(fault("mov rax, 0x0008000000080007\nmov [PT+8*0x80], rax", "mov eax, [0x80000]"), 14, 9);
        // PS where it is reserved: in the top level.
        expect(fault("mov qword ptr [PML4+8], PDPT + 0x87\nmov rcx, 0x8000000000", "mov eax, [rcx]"), 14, 9);
        // Low bits of a 2 MiB page.
        expect(fault("mov qword ptr [PD+8], 0x2087\nmov ecx, 0x200000", "mov eax, [rcx]"), 14, 9);
    }

    @Test
    void shouldTellStackFaultsFromGeneralProtectionForNonCanonicalAddresses() {
        String rax = "mov rax, 0x8000000000000000\n";
        expect(fault(rax, "mov ecx, [rax]"), 13, 0);
        expect(fault(rax + "mov rbp, rax", "mov ecx, [rbp+8]"), 12, 0);
        expect(fault(rax, "jmp rax"), 13, 0);
        expect(fault(rax + "push rax", "ret"), 13, 0);
        // The last byte of the canonical lower half, and one beyond.
        expect(fault("mov rax, 0x00007ffffffffffc", "mov rcx, [rax]"), 14, 0);
    }

    @Test
    void shouldRaiseSegmentFaultsWithTheSelector() {
        expect(fault("mov eax, 0x1000", "mov ds, eax"), 13, 0x1000);
        expect(fault("mov eax, 0x48", "mov ds, eax"), 11, 0x48);
        expect(fault("mov eax, 0x08", "mov ss, eax"), 13, 0x08);
        expect(fault("mov eax, 0x38", "ltr ax"), 13, 0x38);
        expect(fault("", "int 0x50"), 13, 0x50 * 8 + 2);
    }

    @Test
    void shouldRaiseGeneralProtectionForBadControlRegisters() {
        expect(fault("mov eax, 0x80000000", "mov cr0, rax"), 13, 0);
        expect(fault("xor eax, eax", "mov cr4, rax"), 13, 0);
        expect(fault("mov eax, 0x10000000", "mov cr4, rax"), 13, 0);
        expect(fault("mov ecx, 0xc0000080\nmov eax, 0x2\nxor edx, edx", "wrmsr"), 13, 0);
        expect(fault("", "mov rax, cr1"), 6, 0);
    }

    private static final String SSE_ON = "mov rax, cr4\nor eax, 0x600\nmov cr4, rax\n";

    @Test
    void shouldRaiseWhatDisablesSse() {
        expect(fault("", "pxor xmm0, xmm0"), 6, 0);
        expect(fault(SSE_ON + "mov rax, cr0\nor eax, 8\nmov cr0, rax", "pxor xmm0, xmm0"), 7, 0);
        expect(fault(SSE_ON + "mov eax, 0x80001", "movaps xmm0, [rax]"), 13, 0);
        expect(fault(SSE_ON + "mov dword ptr [0x80000], 0x10000", "ldmxcsr [0x80000]"), 13, 0);
    }

    @Test
    void shouldRaiseUnmaskedSimdExceptionsAndLeaveTheDestination() {
        TestKernel k = fault(SSE_ON + """
                        mov dword ptr [0x80000], 0x1d80
                        ldmxcsr [0x80000]
                        mov eax, 7
                        cvtsi2sd xmm0, eax
                        pxor xmm1, xmm1
                        """, "divsd xmm0, xmm1");
        expect(k, 19, 0);
        TestKernel seen = TestKernel.of(SSE_ON + """
                    mov dword ptr [0x80000], 0x1d80
                    ldmxcsr [0x80000]
                    mov eax, 7
                    cvtsi2sd xmm0, eax
                    pxor xmm1, xmm1
                    EXPECT 1f
                    divsd xmm0, xmm1
                1:  cvtsd2si eax, xmm0
                    out 0x80, eax
                    stmxcsr [0x80000]
                    REPORT [0x80000]
                    fxsave [0x80200]
                    pxor xmm0, xmm0
                    fxrstor [0x80200]
                    cvtsd2si eax, xmm0
                    out 0x80, eax
                    hlt
                """);
        assertThat(seen.next()).isEqualTo(Exit.HALT);
        assertThat(seen.reports.subList(3, 6)).containsExactly(7L, 0x1d84L, 7L);
    }

    @Test
    void shouldDoubleFaultWhenTheHandlerIsNotPresent() {
        TestKernel k = fault("mov byte ptr [IDT+16*13+5], 0", "mov eax, [0x8000000000000000]\n hlt");
        assertThat(k.reports.subList(0, 2)).containsExactly(8L, 0L);
    }

    @Test
    void shouldShutDownOnTripleFault() {
        TestKernel k = TestKernel.of("mov word ptr [idtr], 0\nlidt [idtr]\nud2");
        assertThat(k.next()).isEqualTo(Exit.TRIPLE_FAULT);
        assertThat(k.next()).isEqualTo(Exit.TRIPLE_FAULT);
        k.vcpu.reset();
        assertThat(k.vcpu.registers().rip()).isEqualTo(0xfff0);
    }

    @Test
    void shouldEndTheBudgetEvenIfHandlersFaultForever() {
        TestKernel k = TestKernel.of("""
                mov byte ptr [IDT+16*6+4], 1
                mov qword ptr [TSS+0x24], STACK0
                mov word ptr [vectors+16*6], 0x0b0f
                ud2
                """);
        assertThat(k.next()).isEqualTo(Exit.BUDGET);
    }
}
