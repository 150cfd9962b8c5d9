# A small kernel for tests: loaded at 0, entered at 0x1000 in real mode; goes through 32-bit protected mode to long
# mode with identity-mapped 4 KiB pages, sets up an IDT that reports every exception, and calls "test".
# Reports are 32-bit writes to port 0x80. HLT ends the test.
.intel_syntax noprefix
.text
.set PML4, 0x10000
.set PDPT, 0x11000
.set PD, 0x12000
.set PT, 0x13000
.set IDT, 0x14000
.set TSS, 0xc000
.set STACK, 0x9000
.set STACK0, 0xa000
.set STACK3, 0xb000

.macro REPORT value
    push rax
    mov rax, \value
    out 0x80, eax
    pop rax
.endm

# Runs the instructions up to the label "after", which continues whatever happens.
.macro EXPECT after
    mov qword ptr [resume], offset \after
.endm

.org 0x1000
.code16
    cli
    xor ax, ax
    mov ds, ax
    mov es, ax
    mov ss, ax
    mov sp, 0x9000
    lgdt [gdtr]
    mov eax, cr0
    or al, 1
    mov cr0, eax
    .byte 0x66, 0xea
    .long protected
    .word 0x18

.code32
protected:
    mov ax, 0x10
    mov ds, ax
    mov es, ax
    mov ss, ax
    mov esp, STACK
    mov dword ptr [PML4], PDPT + 7
    mov dword ptr [PDPT], PD + 7
    mov dword ptr [PD], PT + 7
    mov edi, PT
    mov eax, 7
1:  mov [edi], eax
    add edi, 8
    add eax, 0x1000
    cmp edi, PT + 0x1000
    jne 1b
    mov eax, 0x20
    mov cr4, eax
    mov eax, PML4
    mov cr3, eax
    mov ecx, 0xc0000080
    mov eax, 0x901
    xor edx, edx
    wrmsr
    mov eax, cr0
    or eax, 0x80010000
    mov cr0, eax
    .byte 0xea
    .long long_mode
    .word 0x08

.code64
long_mode:
    mov edi, IDT
    lea rsi, [vectors]
    mov ecx, 64
1:  mov rax, rsi
    mov [rdi], ax
    mov word ptr [rdi+2], 8
    mov word ptr [rdi+4], 0x8e00
    shr rax, 16
    mov [rdi+6], rax
    mov qword ptr [rdi+8], 0
    add rsi, 16
    add rdi, 16
    loop 1b
    lidt [idtr]
    mov qword ptr [TSS+4], STACK0
    mov word ptr [TSS+0x66], 0x68
    mov ax, 0x38
    ltr ax
    mov rsp, STACK
    call test
    hlt

.align 16
vectors:
.set vector, 0
.rept 64
    .align 16
    .if (vector == 8) || ((vector >= 10) && (vector <= 14)) || (vector == 17)
    .else
    push 0
    .endif
    push vector
    jmp exception
    .set vector, vector + 1
.endr

# Reports vector, error code and the saved instruction pointer; the frame stays on the stack.
exception:
    push rax
    mov eax, [rsp+8]
    out 0x80, eax
    mov eax, [rsp+16]
    out 0x80, eax
    mov eax, [rsp+24]
    out 0x80, eax
    pop rax
    jmp [resume]

.align 8
resume: .quad 0
gdtr: .word gdt_end - gdt - 1
    .quad gdt
idtr: .word 64 * 16 - 1
    .quad IDT
.align 8
gdt:
    .quad 0
    .quad 0x00af9b000000ffff
    .quad 0x00cf93000000ffff
    .quad 0x00cf9b000000ffff
    .quad 0x00cffb000000ffff
    .quad 0x00cff3000000ffff
    .quad 0x00affb000000ffff
    .quad 0x0000890000000067 | (TSS << 16)
    .quad 0
    .quad 0x00cf13000000ffff
gdt_end:

.org 0x2000
