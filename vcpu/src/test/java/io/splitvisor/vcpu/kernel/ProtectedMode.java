// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.vcpu.Exit;

/**
 * What kernels of 32-bit protected mode begin with: flat segments, an IDT that reports vector and error code of every exception and
 * goes to {@code resume}, and a task register.
 *
 * <p>Selectors: 8 and 10 flat, 33 and 3b flat for ring 3, 18 and 20 with limits, 28 this task's segment (at 6000), 40 another one (at
 * 6200), 48 a 16-bit one (at 6400), 50 a task gate to 40, 58 and 60 the same as 40 but not present and too short, 68 an LDT.
 */
final class ProtectedMode {
    static final String PRELUDE = """
                cli
                xor ax, ax
                mov ds, ax
                lgdt [gdtr]
                mov eax, cr0
                or al, 1
                mov cr0, eax
                .byte 0x66, 0xea
                .long protected
                .word 0x08
            .align 8
            gdtr: .word gdt_end - gdt - 1
                .long gdt
            .align 8
            gdt:
                .quad 0
                .quad 0x00cf9b000000ffff
                .quad 0x00cf93000000ffff
                .quad 0x0040930500000fff
                .quad 0x0040970000007fff
                .quad 0x0000890060000067
                .quad 0x00cffb000000ffff
                .quad 0x00cff3000000ffff
                .quad 0x0000890062000067
                .quad 0x000081006400002b
                .quad 0x0000e50000400000
                .quad 0x0000090062000067
                .quad 0x0000890062000066
                .quad 0x0000e20065000000
            gdt_end:
            .code32
            protected:
                mov ax, 0x10
                mov ds, ax
                mov es, ax
                mov ss, ax
                mov esp, 0x9000
                lidt [idtr]
                mov edi, 0x5000
                mov esi, offset vectors
                mov ecx, 32
            1:  mov eax, esi
                mov [edi], ax
                mov word ptr [edi+2], 8
                mov word ptr [edi+4], 0x8e00
                shr eax, 16
                mov [edi+6], ax
                add edi, 8
                add esi, 16
                loop 1b
                mov dword ptr [0x6004], 0x9800
                mov dword ptr [0x6008], 0x10
                mov ax, 0x28
                ltr ax
                jmp test
            .align 8
            idtr: .word 32*8-1
                .long 0x5000
            .align 16
            vectors:
            .set vector, 0
            .rept 32
                .align 16
                .if (vector == 8) || ((vector >= 10) && (vector <= 14)) || (vector == 17)
                .else
                push 0
                .endif
                push vector
                jmp exception
                .set vector, vector + 1
            .endr
            exception:
                pop eax
                out 0x80, eax
                pop eax
                out 0x80, eax
                jmp resume
            test:
            """;

    private ProtectedMode() {}

    /** Runs a kernel to its HLT. */
    static TestKernel run(String code) {
        TestKernel k = TestKernel.real(PRELUDE + code);
        assertThat(k.next()).isEqualTo(Exit.HALT);
        return k;
    }
}
