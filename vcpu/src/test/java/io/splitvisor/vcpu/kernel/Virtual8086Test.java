// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Virtual 8086 mode: what its tasks may do by themselves, and what comes to the kernel. */
class Virtual8086Test {
    private static final int VM = 1 << 17;
    private static final int GP = 13;
    private static final int UD = 6;

    /** Enters the code at {@code virtual}, 16-bit code in segment 0, with an I/O privilege level. */
    private static TestKernel run(int iopl, String virtual, String resume) {
        return ProtectedMode.run(
                """
                    mov dword ptr [0x6066], 0x68
                    mov byte ptr [0x5000 + 8 * 3 + 5], 0xee
                    push 0x4444
                    push 0x3333
                    push 0x2000
                    push 0x1111
                    push 0x0100
                    push 0x7000
                    push %d
                    push 0
                    push offset virtual
                    iretd
                .code16
                virtual:
                """.formatted(VM | iopl << 12 | 2) + virtual + "\n.code32\nresume:\n" + resume + "\nhlt\n");
    }

    private static final String REPORT_FLAGS = """
                mov eax, [esp + 8]
                and eax, 0x23000
                out 0x80, eax
            """;

    @Test
    void shouldAddressLikeRealModeAndShowTheKernelWhatItWasDoing() {
        TestKernel k = run(0, """
                    mov word ptr [0x10], 0xbeef
                    mov ax, 0x1fff
                    mov ds, ax
                    mov bx, [0x20]
                    int3
                """, REPORT_FLAGS + """
                    movzx eax, word ptr [esp + 4]
                    out 0x80, eax
                    mov eax, [esp + 12]
                    out 0x80, eax
                    movzx eax, word ptr [esp + 16]
                    out 0x80, eax
                    movzx eax, word ptr [esp + 20]
                    out 0x80, eax
                    movzx eax, word ptr [esp + 24]
                    out 0x80, eax
                    movzx eax, word ptr [esp + 32]
                    out 0x80, eax
                    mov ax, ds
                    movzx eax, ax
                    out 0x80, eax
                    mov eax, ebx
                    out 0x80, eax
                """);
        assertThat(k.reports)
                .as("vector, 0; flags, CS, SP, SS, ES, DS, GS as pushed; DS now; what was read")
                .containsExactly(3L, 0L, (long) VM, 0L, 0x7000L, 0x100L, 0x1111L, 0x1fffL, 0x4444L, 0L, 0xbeefL);
    }

    @Test
    void shouldTrapWhatTouchesTheInterruptFlagBelowPrivilegeLevel3() {
        for (String instruction : new String[] {"cli", "sti", "pushf", "popf", "int 0x10", "iret", "hlt", "clts"}) {
            TestKernel k = run(2, instruction, "");
            assertThat(k.reports).as(instruction).containsExactly((long) GP, 0L);
        }
    }

    @Test
    void shouldLetPrivilegeLevel3ChangeTheInterruptFlagItself() {
        TestKernel k = run(3, """
                    pushf
                    pop bx
                    sti
                    pushf
                    pop cx
                    mov word ptr ss:[0x6ffe], 0x3202
                    mov word ptr ss:[0x6ffc], 0
                    mov word ptr ss:[0x6ffa], offset back
                    mov sp, 0x6ffa
                    iret
                back:
                    pushf
                    pop dx
                    hlt
                """, """
                    mov eax, ebx
                    and eax, 0x3200
                    out 0x80, eax
                    mov eax, ecx
                    and eax, 0x3200
                    out 0x80, eax
                    mov eax, edx
                    and eax, 0x3200
                    out 0x80, eax
                """);
        assertThat(k.reports).containsExactly((long) GP, 0L, 0x3000L, 0x3200L, 0x3200L);
    }

    @Test
    void shouldAskTheBitmapForPortsWhateverThePrivilegeLevel() {
        assertThat(run(3, "in al, 0x60", "").reports).containsExactly((long) GP, 0L);
    }

    @Test
    void shouldNotKnowInstructionsOfProtectedMode() {
        for (String bytes : new String[] {"0x0f, 0x00, 0xc0", "0x0f, 0x02, 0xc0", "0x63, 0xc0", "0x0f, 0x00, 0xe0"}) {
            TestKernel k = run(3, ".byte " + bytes, "");
            assertThat(k.reports).as(bytes).containsExactly((long) UD, 0L);
        }
    }

    @Test
    void shouldFaultBehindTheEndOfASegment() {
        assertThat(run(3, "mov eax, [0xfffd]", "").reports).containsExactly((long) GP, 0L);
        assertThat(run(3, "mov eax, ss:[0xfffd]", "").reports).containsExactly(12L, 0L);
    }

    @Test
    void shouldGoBackAndForthWithFarTransfers() {
        TestKernel k = run(3, """
                    .byte 0x9a
                    .word subroutine - 0x10, 1
                    mov ax, cs
                    hlt
                subroutine:
                    mov bx, cs
                    lret
                """, """
                    movzx eax, ax
                    mov eax, ebx
                    out 0x80, eax
                    movzx eax, word ptr [esp + 4]
                    out 0x80, eax
                """);
        assertThat(k.reports).containsExactly((long) GP, 0L, 1L, 0L);
    }
}
