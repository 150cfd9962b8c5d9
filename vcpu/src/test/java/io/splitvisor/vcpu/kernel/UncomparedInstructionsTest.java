// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.vcpu.Exit;
import org.junit.jupiter.api.Test;

/** Instructions that cannot be compared with the real processor, because its kernel or its C library is in the way. */
class UncomparedInstructionsTest {
    private static final int UD = 6;
    private static final int GP = 13;

    private static TestKernel run(String test) {
        TestKernel k = TestKernel.of(test);
        assertThat(k.next()).isEqualTo(Exit.HALT);
        return k;
    }

    @Test
    void shouldEnterBySysenterAndLeaveBySysexit() {
        TestKernel k = run("""
                    mov ecx, 0x174
                    mov eax, 8
                    xor edx, edx
                    wrmsr
                    mov ecx, 0x175
                    mov eax, STACK0
                    wrmsr
                    mov ecx, 0x176
                    mov eax, offset entered
                    wrmsr
                    mov qword ptr [PML4], PDPT + 7
                    EXPECT back
                    push 0x2b
                    push STACK3
                    push 0x202
                    push 0x33
                    push offset ring3
                    iretq
                ring3:
                    sysenter
                entered:
                    mov rax, rsp
                    out 0x80, eax
                    mov eax, cs
                    out 0x80, eax
                    mov eax, ss
                    out 0x80, eax
                    lea rdx, [outside]
                    mov ecx, STACK3
                    .byte 0x48, 0x0f, 0x35
                outside:
                    hlt
                back:
                    REPORT [rsp+32]
                    REPORT [rsp+48]
                    hlt
                """);
        assertThat(k.reports.subList(0, 3)).as("RSP, CS and SS of ring 0").containsExactly(0xa000L, 0x8L, 0x10L);
        assertThat(k.reports.get(3)).as("HLT in ring 3").isEqualTo(GP);
        assertThat(k.reports.get(6)).as("CS of ring 3").isEqualTo(0x2b);
        assertThat(k.reports.get(7)).as("RSP of ring 3").isEqualTo(0xb000);
    }

    @Test
    void shouldLoadFarPointers() {
        TestKernel k = run("""
                    mov dword ptr [0x30000], 0x12345678
                    mov word ptr [0x30004], 0x10
                    lfs eax, [0x30000]
                    REPORT rax
                    mov eax, fs
                    out 0x80, eax
                    mov word ptr [0x30004], 0x2b
                    lgs ebx, [0x30000]
                    REPORT rbx
                    mov eax, gs
                    out 0x80, eax
                    mov word ptr [0x30004], 0x10
                    lss ecx, [0x30000]
                    REPORT rcx
                    EXPECT missing
                    mov word ptr [0x30004], 0x78
                    mov edx, 5
                    lfs edx, [0x30000]
                missing:
                    REPORT rdx
                    hlt
                """);
        assertThat(k.reports.subList(0, 5)).containsExactly(0x12345678L, 0x10L, 0x12345678L, 0x2bL, 0x12345678L);
        assertThat(k.reports.subList(5, 7)).as("a selector outside the table").containsExactly((long) GP, 0x78L);
        assertThat(k.reports.get(8)).isEqualTo(5);
    }

    @Test
    void shouldReadAndWriteTheBasesOfFsAndGs() {
        TestKernel k = run("""
                    EXPECT hidden
                    rdfsbase rax
                hidden:
                    mov rax, cr4
                    or eax, 0x10000
                    mov cr4, rax
                    mov eax, 0x30000
                    wrfsbase rax
                    mov eax, 0x30100
                    wrgsbase rax
                    mov dword ptr fs:[8], 17
                    mov dword ptr gs:[8], 18
                    REPORT [0x30008]
                    REPORT [0x30108]
                    rdfsbase rbx
                    REPORT rbx
                    rdgsbase ebx
                    REPORT rbx
                    hlt
                """);
        assertThat(k.reports.get(0)).as("without CR4.FSGSBASE").isEqualTo(UD);
        assertThat(k.reports.subList(3, 7)).containsExactly(17L, 18L, 0x30000L, 0x30100L);
    }

    @Test
    void shouldTellTheProcessorWithTheTimeAndHaveNoCounters() {
        TestKernel k = run("""
                    mov ecx, 0xc0000103
                    mov eax, 77
                    xor edx, edx
                    wrmsr
                    xor ecx, ecx
                    rdtscp
                    mov ebx, eax
                    REPORT rcx
                    rdtsc
                    sub eax, ebx
                    REPORT rax
                    EXPECT none
                    rdpmc
                none:
                    EXPECT trapped
                    .byte 0xf1
                trapped:
                    hlt
                """);
        assertThat(k.reports.get(0)).as("TSC_AUX").isEqualTo(77);
        assertThat(k.reports.get(1)).as("instructions between the two").isPositive();
        assertThat(k.reports.get(2)).as("RDPMC").isEqualTo(GP);
        assertThat(k.reports.get(5)).as("INT1").isEqualTo(1);
    }
}
