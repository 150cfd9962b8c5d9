// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.vcpu.Exit;
import org.junit.jupiter.api.Test;

/** Real mode, 16- and 32-bit protected mode, 32-bit and PAE paging, compatibility mode. */
class LegacyModesTest {
    private static TestKernel run(String code) {
        TestKernel k = TestKernel.real(code);
        assertThat(k.next()).isEqualTo(Exit.HALT);
        return k;
    }

    @Test
    void shouldAddressBySegmentsInRealMode() {
        TestKernel k = run("""
                    mov ax, 0x2000
                    mov ds, ax
                    mov word ptr [0x10], 0xbeef
                    xor ax, ax
                    mov ds, ax
                    mov ax, 0xffff
                    mov es, ax
                    mov eax, 0x20010
                    mov eax, [eax]
                    mov bx, 0x1ff0
                    mov ds, bx
                    movzx eax, word ptr [0x110]
                    out 0x80, eax
                    hlt
                """.replace("mov eax, 0x20010\n    mov eax, [eax]\n", ""));
        assertThat(k.reports).containsExactly(0xbeefL);
    }

    @Test
    void shouldDeliverInterruptsThroughTheVectorTable() {
        TestKernel k = run("""
                    xor ax, ax
                    mov ds, ax
                    mov ss, ax
                    mov sp, 0x8000
                    mov word ptr [4*0x21], offset handler
                    mov word ptr [4*0x21+2], 0
                    int 0x21
                    mov eax, 2
                    out 0x80, eax
                    hlt
                handler:
                    mov eax, 1
                    out 0x80, eax
                    iret
                """);
        assertThat(k.reports).containsExactly(1L, 2L);
    }

    @Test
    void shouldWrapTheStackAndFaultBeyondSegmentLimits() {
        TestKernel k = run("""
                    xor ax, ax
                    mov ds, ax
                    mov ss, ax
                    mov word ptr [4*13], offset gp
                    mov word ptr [4*13+2], 0
                    mov sp, 0
                    push 0x1234
                    movzx eax, sp
                    out 0x80, eax
                    mov sp, 0x8000
                    mov ebx, 0x10000
                    mov eax, [ebx]
                    hlt
                gp:
                    mov eax, 13
                    out 0x80, eax
                    hlt
                """);
        assertThat(k.reports).containsExactly(0xfffeL, 13L);
    }

    @Test
    void shouldCheckLimitsOfExpandUpAndExpandDownSegments() {
        TestKernel k = run(ProtectedMode.PRELUDE + """
                    mov ax, 0x18
                    mov es, ax
                    mov dword ptr es:[0xffc], 0x11
                    mov eax, [0x50ffc]
                    out 0x80, eax
                    mov ax, 0x20
                    mov es, ax
                    mov dword ptr es:[0x8000], 0x22
                    mov eax, [0x8000]
                    out 0x80, eax
                    mov eax, es:[0x7ffc]
                resume: hlt
                """);
        assertThat(k.reports).containsExactly(0x11L, 0x22L, 13L, 0L);
    }

    @Test
    void shouldChangeRingsWithA32BitTss() {
        TestKernel k = run(ProtectedMode.PRELUDE + """
                    push 0x3b
                    push 0xa000
                    push 0x2
                    push 0x33
                    push offset ring3
                    iretd
                ring3:
                    mov ax, 0x3b
                    mov ds, ax
                    cli
                resume:
                    mov eax, esp
                    out 0x80, eax
                    mov eax, [esp+4]
                    out 0x80, eax
                    mov eax, [esp+12]
                    out 0x80, eax
                    hlt
                """);
        assertThat(k.reports).containsExactly(13L, 0L, 0x9800L - 20, 0x33L, 0xa000L);
    }

    @Test
    void shouldTranslateWith32BitTablesAndLargePages() {
        TestKernel k = run(ProtectedMode.PRELUDE + """
                    mov dword ptr [0x20000], 0x83
                    mov dword ptr [0x20004], 0x21003
                    mov dword ptr [0x21000], 0x30001
                    mov dword ptr [0x21004], 0x31003
                    mov dword ptr [0x30000], 0x77
                    mov eax, 0x10
                    mov cr4, eax
                    mov eax, 0x20000
                    mov cr3, eax
                    mov eax, cr0
                    or eax, 0x80010000
                    mov cr0, eax
                    mov eax, [0x400000]
                    out 0x80, eax
                    mov dword ptr [0x401000], 0x78
                    mov eax, [0x31000]
                    out 0x80, eax
                    mov eax, [0x21004]
                    out 0x80, eax
                    mov [0x400000], eax
                resume:
                    mov eax, cr2
                    out 0x80, eax
                    hlt
                """);
        assertThat(k.reports).containsExactly(0x77L, 0x78L, 0x31063L, 14L, 3L, 0x400000L);
    }

    @Test
    void shouldTranslateWithPaeTables() {
        TestKernel k = run(ProtectedMode.PRELUDE + """
                    mov dword ptr [0x20000], 0x21001
                    mov dword ptr [0x21000], 0x83
                    mov dword ptr [0x21008], 0x22003
                    mov dword ptr [0x22000], 0x30003
                    mov dword ptr [0x22004], 0x80000000
                    mov dword ptr [0x30000], 0x99
                    mov eax, 0x20
                    mov cr4, eax
                    mov eax, 0x20000
                    mov cr3, eax
                    mov ecx, 0xc0000080
                    mov eax, 0x800
                    xor edx, edx
                    wrmsr
                    mov eax, cr0
                    or eax, 0x80010000
                    mov cr0, eax
                    mov eax, [0x200000]
                    out 0x80, eax
                    mov eax, 0x200000
                    jmp eax
                resume:
                    hlt
                """);
        assertThat(k.reports).containsExactly(0x99L, 14L, 0x11L);
    }

    @Test
    void shouldRun32BitCodeInCompatibilityMode() {
        TestKernel k = TestKernel.of("""
                    mov rax, 0x1122334455667788
                    .byte 0xff, 0x2c, 0x25
                    .long pointer
                .align 8
                pointer: .long compatible
                    .word 0x18
                .code32
                compatible:
                    inc eax
                    out 0x80, eax
                    mov ax, 0x10
                    mov ds, ax
                    .byte 0xea
                    .long long_again
                    .word 0x08
                .code64
                long_again:
                    mov rbx, 0x100000000
                    shr rbx, 31
                    REPORT rbx
                    hlt
                """);
        Exit end = k.next();
        assertThat(k.reports).containsExactly(0x55667789L, 2L);
        assertThat(end).isEqualTo(Exit.HALT);
    }
}
