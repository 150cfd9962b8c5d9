// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.x86;

/**
 * The hot loops. Each is a function {@code work} that leaves a checksum in RAX; data lies from 4 MiB to 12 MiB. They are what a C
 * compiler makes of such loops, not tuned for anybody.
 */
enum HotLoop {
    /** A linear congruential generator and a branch that depends on it. */
    REGISTERS("registers", """
            work:
                mov ecx, 12000000
                mov eax, 12345
                xor ebx, ebx
                mov r8, 6364136223846793005
                mov r9, 1442695040888963407
            again:
                imul rax, r8
                add rax, r9
                mov rdx, rax
                shr rdx, 33
                xor rbx, rdx
                cmp edx, 0x20000000
                jb small
                add rbx, 7
            small:
                dec rcx
                jne again
                mov rax, rbx
                ret
            """),

    /** The sieve of Eratosthenes, a byte a number. */
    BYTES("byte memory", """
            work:
                mov r10d, 200
                mov rdi, 0x400000
            round:
                xor ecx, ecx
            clear:
                mov byte [rdi+rcx], 1
                inc rcx
                cmp rcx, 50000
                jne clear
                mov edx, 2
            next:
                cmp byte [rdi+rdx], 0
                je composite
                mov rax, rdx
                imul rax, rdx
                cmp rax, 50000
                jae composite
            strike:
                mov byte [rdi+rax], 0
                add rax, rdx
                cmp rax, 50000
                jb strike
            composite:
                inc rdx
                cmp rdx, 50000
                jne next
                dec r10
                jne round
                xor eax, eax
                xor ecx, ecx
            count:
                movzx edx, byte [rdi+rcx]
                add rax, rdx
                inc rcx
                cmp rcx, 50000
                jne count
                ret
            """),

    /** A table of 32-bit words, updated at places that a hash chooses. */
    WORDS("word memory", """
            work:
                mov rdi, 0x400000
                mov ecx, 12000000
                mov eax, 1
            again:
                imul eax, r11d
                add eax, 0x3c6ef35f
                mov edx, eax
                shr edx, 15
                and edx, 0x3fff
                mov esi, dword [rdi+rdx*4]
                xor esi, eax
                add esi, ecx
                mov dword [rdi+rdx*4], esi
                add ebx, esi
                dec ecx
                jne again
                mov eax, ebx
                xor ebx, ebx
                ret
            """),

    /** Copying 64-bit words. */
    COPY("copy", """
            work:
                mov r10d, 3000
            round:
                mov rsi, 0x400000
                mov rdi, 0x511000
                xor ecx, ecx
            again:
                mov rax, [rsi+rcx*8]
                mov [rdi+rcx*8], rax
                inc rcx
                cmp rcx, 8192
                jne again
                mov qword [rsi+r10*8], 77
                dec r10
                jne round
                mov rax, [rdi+80]
                ret
            """),

    /** Fibonacci numbers by recursion. */
    CALLS("call and return", """
            work:
                mov edi, 31
            fib:
                cmp rdi, 2
                jae more
                mov rax, rdi
                ret
            more:
                push rbx
                push rdi
                dec rdi
                call fib
                mov rbx, rax
                pop rdi
                sub rdi, 2
                call fib
                add rax, rbx
                pop rbx
                ret
            """),

    /** One number of many words times a word, added to another: the inner loop of RSA. */
    MULTI_PRECISION("multi-precision", """
            work:
                mov r10d, 300000
                mov rsi, 0x400000
                mov rdi, 0x410000
                xor ecx, ecx
            fill:
                lea rax, [rcx+rcx*8+12345]
                imul rax, rax
                mov [rsi+rcx*8], rax
                mov [rdi+rcx*8], rax
                inc rcx
                cmp rcx, 32
                jne fill
            round:
                mov rbp, -32
                xor r8d, r8d
                lea rbx, [r10+r10*4]
            again:
                mov rax, [rsi+rbp*8+256]
                mul rbx
                add rax, r8
                adc rdx, 0
                add [rdi+rbp*8+256], rax
                adc rdx, 0
                mov r8, rdx
                inc rbp
                jne again
                dec r10
                jne round
                mov rax, [rdi+128]
                ret
            """),

    /** A state machine that calls through a table, and a list that is walked. */
    BRANCHY("branchy", """
            work:
                push rbx
                push rbp
                mov r12, 0x400000
                call table
                mov ecx, 6000000
                mov eax, 99991
                xor ebx, ebx
                mov rbp, r12
            again:
                imul eax, r11d
                add eax, 0x3c6ef35f
                mov edx, eax
                shr edx, 17
                mov rbp, [rbp+8]
                test rbp, rbp
                jne alive
                mov rbp, r12
            alive:
                mov esi, edx
                and esi, 3
                call qword [r12+rsi*8+4096]
                cmp edx, 9000
                jb low
                xor rbx, rdx
                test dl, dl
                js again2
                inc rbx
                jmp again2
            low:
                sub rbx, rdx
            again2:
                dec ecx
                jne again
                mov rax, rbx
                xor ebx, ebx
                pop rbp
                pop rbx
                ret
            one:
                add rbx, rdx
                ret
            two:
                lea rbx, [rbx+rdx*2]
                cmp rbx, r11
                ja big
                ret
            big:
                shr rbx, 1
                ret
            three:
                xor rbx, rsi
                rol rbx, 5
                ret
            four:
                mov r8, [rbp]
                add rbx, r8
                ret
            table:
                lea rax, [r12+8192]
                mov r8, r12
                mov ecx, 50
            link:
                mov [r8], rax
                mov [r8+8], rax
                mov r8, rax
                add rax, 144
                dec ecx
                jne link
                mov qword [r8+8], 0
                mov rax, %one%
                mov [r12+4096], rax
                mov rax, %two%
                mov [r12+4104], rax
                mov rax, %three%
                mov [r12+4112], rax
                mov rax, %four%
                mov [r12+4120], rax
                ret
            """);

    private final String title;
    private final String text;

    HotLoop(String title, String text) {
        this.title = title;
        this.text = text;
    }

    String title() {
        return title;
    }

    String text() {
        return text;
    }
}
