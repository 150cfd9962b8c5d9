// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Hardware task switches. */
class TaskSwitchTest {
    /** Fills the task state segments at 6200 and 6400: code at {@code task}, a stack of its own, flat segments. */
    private static final String TASKS = """
                mov dword ptr [0x6220], offset task
                mov dword ptr [0x6224], 2
                mov dword ptr [0x6234], 0xbbbb
                mov dword ptr [0x6238], 0x9400
                mov dword ptr [0x6248], 0x10
                mov dword ptr [0x624c], 0x08
                mov dword ptr [0x6250], 0x10
                mov dword ptr [0x6254], 0x10
                mov dword ptr [0x6264], 0x680000
                mov word ptr [0x640e], offset task
                mov word ptr [0x6410], 2
                mov word ptr [0x6418], 0xbbbb
                mov word ptr [0x641a], 0x9400
                mov word ptr [0x6422], 0x10
                mov word ptr [0x6424], 0x08
                mov word ptr [0x6426], 0x10
                mov word ptr [0x6428], 0x10
                mov ebx, 0x12345678
            """;

    private static final String CALL = ".byte 0x9a\n.long 0\n.word ";
    private static final String JUMP = ".byte 0xea\n.long 0\n.word ";

    private static TestKernel run(String code) {
        return ProtectedMode.run(TASKS + code);
    }

    @Test
    void shouldCallATaskAndComeBackWithIret() {
        TestKernel k = run(CALL + """
                0x40
                    mov eax, ebx
                    out 0x80, eax
                    str ax
                    movzx eax, ax
                    out 0x80, eax
                    pushfd
                    pop eax
                    and eax, 0x4000
                    out 0x80, eax
                resume: hlt
                task:
                    movzx eax, word ptr [0x6200]
                    out 0x80, eax
                    pushfd
                    pop eax
                    and eax, 0x4000
                    out 0x80, eax
                    mov eax, ebx
                    out 0x80, eax
                    mov eax, cr0
                    and eax, 8
                    out 0x80, eax
                    str ax
                    movzx eax, ax
                    out 0x80, eax
                    iretd
                """);
        assertThat(k.reports)
                .as("link, NT, a register, TS, TR; the caller's register, TR, NT")
                .containsExactly(0x28L, 0x4000L, 0xbbbbL, 8L, 0x40L, 0x12345678L, 0x28L, 0L);
    }

    @Test
    void shouldKeepBusyBitsAndRefuseBusyTasks() {
        TestKernel k = run(JUMP + """
                0x40
                task:
                    mov al, [gdt + 0x2d]
                    movzx eax, al
                    out 0x80, eax
                    movzx eax, byte ptr [gdt + 0x45]
                    out 0x80, eax
                """ + JUMP + """
                0x40
                resume: hlt
                """);
        assertThat(k.reports)
                .as("the old one is available, the new one busy, and cannot be entered again")
                .containsExactly(0x89L, 0x8bL, 13L, 0x40L);
    }

    @Test
    void shouldSwitchThroughATaskGateAndTo16BitTasks() {
        TestKernel k = run(CALL + """
                0x50
                """ + CALL + """
                0x48
                resume: hlt
                task:
                    str ax
                    movzx eax, ax
                    out 0x80, eax
                    mov eax, ebx
                    out 0x80, eax
                    movzx eax, sp
                    out 0x80, eax
                    iretd
                """);
        assertThat(k.reports).containsExactly(0x40L, 0xbbbbL, 0x9400L, 0x48L, 0xffffbbbbL, 0x9400L);
    }

    @Test
    void shouldDeliverExceptionsThroughTaskGatesWithTheirErrorCode() {
        TestKernel k = run("""
                    mov dword ptr [0x5000 + 8 * 13], 0x400000
                    mov dword ptr [0x5004 + 8 * 13], 0x8500
                    xor ecx, ecx
                    mov ax, 0x1238
                bad:
                    mov es, ax
                    mov eax, ecx
                    out 0x80, eax
                resume: hlt
                task:
                    pop eax
                    out 0x80, eax
                    mov eax, [0x6020]
                    sub eax, offset bad
                    out 0x80, eax
                    mov word ptr [0x6028], 0x10
                    mov dword ptr [0x602c], 7
                    iretd
                """);
        assertThat(k.reports)
                .as("error code, distance of the saved instruction pointer, a register that the handler has set")
                .containsExactly(0x1238L, 0L, 7L);
    }

    @Test
    void shouldFaultInTheOldTaskWhenTheNewOneCannotBeEntered() {
        for (long[] expected : new long[][] {{0x58, 11, 0x58}, {0x60, 10, 0x60}, {0x68, 13, 0x68}}) {
            TestKernel k = run(JUMP + expected[0] + """

                    resume:
                        str ax
                        movzx eax, ax
                        out 0x80, eax
                        hlt
                    task: hlt
                    """);
            assertThat(k.reports).containsExactly(expected[1], expected[2], 0x28L);
        }
    }

    @Test
    void shouldFaultInTheNewTaskWhenItsSegmentsAreBad() {
        TestKernel k = run("""
                    mov dword ptr [0x6254], 0x70
                """ + CALL + """
                0x40
                task: hlt
                resume:
                    str ax
                    movzx eax, ax
                    out 0x80, eax
                    hlt
                """);
        assertThat(k.reports).as("#TS of the data segment, in the new task").containsExactly(10L, 0x70L, 0x40L);
    }

    @Test
    void shouldTrapBeforeATaskThatAsksForIt() {
        TestKernel k = run("""
                    mov dword ptr [0x6264], 0x680001
                """ + JUMP + """
                0x40
                task: hlt
                resume:
                    mov eax, dr6
                    and eax, 0x8000
                    out 0x80, eax
                    hlt
                """);
        assertThat(k.reports).containsExactly(1L, 0L, 0x8000L);
    }
}
