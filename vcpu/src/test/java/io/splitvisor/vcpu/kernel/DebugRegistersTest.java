// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.vcpu.Breakpoints;
import io.splitvisor.vcpu.Exit;
import io.splitvisor.vcpu.Tiers;
import org.junit.jupiter.api.Test;

/** Breakpoints in the debug registers, and the host's. */
class DebugRegistersTest {
    private static final int DB = 1;
    private static final int AC = 17;

    private static TestKernel run(String test) {
        TestKernel k = TestKernel.of(test);
        assertThat(k.next()).isEqualTo(Exit.HALT);
        return k;
    }

    @Test
    void shouldFaultBeforeAnInstructionWithABreakpointAndGoOnWithTheResumeFlag() {
        TestKernel k = run("""
                    EXPECT hit
                    xor ebx, ebx
                    lea rax, [target]
                    mov dr0, rax
                    mov eax, 0x402
                    mov dr7, rax
                    inc ebx
                target:
                    inc ebx
                    hlt
                hit:
                    REPORT rbx
                    mov rax, dr6
                    out 0x80, eax
                    add rsp, 16
                    or dword ptr [rsp + 16], 0x10000
                    iretq
                """);
        assertThat(k.reports.get(0)).isEqualTo(DB);
        assertThat(k.reports.get(3)).as("instructions before").isEqualTo(1);
        assertThat(k.reports.get(4) & 0xf).as("DR6").isEqualTo(1);
        assertThat(k.vcpu.registers().general(3)).as("instructions in all").isEqualTo(2);
    }

    @Test
    void shouldTrapAfterStoresThatABreakpointWatchesAndNotAfterLoads() {
        TestKernel k = run("""
                    EXPECT hit
                    lea rax, [cell]
                    mov dr1, rax
                    mov eax, 0xd00408
                    mov dr7, rax
                    lea rax, [cell]
                    mov ecx, [rax]
                    xor ebx, ebx
                    mov byte ptr [rax + 4], 1
                    inc ebx
                    mov byte ptr [rax + 3], 1
                    inc ebx
                    inc ebx
                hit:
                    REPORT rbx
                    mov rax, dr6
                    out 0x80, eax
                    hlt
                    .align 8
                cell: .quad 0
                """);
        assertThat(k.reports.get(0)).isEqualTo(DB);
        assertThat(k.reports.get(3)).as("instructions before").isEqualTo(1);
        assertThat(k.reports.get(4) & 0xf).as("DR6").isEqualTo(2);
    }

    @Test
    void shouldTrapAfterLoadsWhereAsked() {
        TestKernel k = run("""
                    EXPECT hit
                    lea rdx, [cell]
                    mov dr3, rdx
                    mov eax, 0xb0000480
                    mov dr7, rax
                    xor ebx, ebx
                    inc ebx
                    mov rcx, [rdx]
                    inc ebx
                hit:
                    REPORT rbx
                    hlt
                    .align 8
                cell: .quad 0
                """);
        assertThat(k.reports.get(0)).isEqualTo(DB);
        assertThat(k.reports.get(3)).as("instructions before").isEqualTo(1);
    }

    @Test
    void shouldGuardTheDebugRegisters() {
        TestKernel k = run("""
                    EXPECT hit
                    mov eax, 0x2400
                    mov dr7, rax
                    mov rcx, dr0
                hit:
                    REPORT rbx
                    mov rax, dr7
                    out 0x80, eax
                    mov rax, dr6
                    out 0x80, eax
                    hlt
                """);
        assertThat(k.reports.get(0)).isEqualTo(DB);
        assertThat(k.reports.get(4) & 0x2000).as("DR7.GD").isZero();
        assertThat(k.reports.get(5) & 0x2000).as("DR6.BD").isEqualTo(0x2000);
    }

    @Test
    void shouldHaveNoAliasesOfDebugRegistersWithDebuggingExtensions() {
        TestKernel k = run("""
                    mov rax, dr4
                    EXPECT hit
                    mov rax, cr4
                    or eax, 8
                    mov cr4, rax
                    mov rax, dr5
                hit:
                    REPORT rbx
                    hlt
                """);
        assertThat(k.reports.get(0)).isEqualTo(6);
    }

    @Test
    void shouldCheckAlignmentInRing3WhereAskedAndNowhereElse() {
        TestKernel k = run("""
                    mov rax, cr0
                    or eax, 0x40000
                    mov cr0, rax
                    pushf
                    or dword ptr [rsp], 0x40000
                    popf
                    mov qword ptr [PML4], PDPT + 7
                    lea rdi, [cell + 1]
                    xor ebx, ebx
                    mov eax, [rdi]
                    EXPECT back
                    push 0x2b
                    push STACK3
                    push 0x40202
                    push 0x33
                    push offset ring3
                    iretq
                ring3:
                    inc ebx
                    mov al, [rdi]
                    mov ax, [rdi + 1]
                    inc ebx
                    mov eax, [rdi]
                    inc ebx
                back:
                    REPORT rbx
                    hlt
                    .align 8
                cell: .quad 0, 0
                """);
        assertThat(k.reports.get(0)).isEqualTo(AC);
        assertThat(k.reports.get(1)).as("error code").isZero();
        assertThat(k.reports.get(3)).as("instructions before").isEqualTo(2);
    }

    @Test
    void shouldTrapAfterPortsWhereDebuggingExtensionsAskForIt() {
        for (int extensions : new int[] {0, 8}) {
            TestKernel k = TestKernel.of("""
                        EXPECT hit
                        mov rax, cr4
                        or eax, %d
                        mov cr4, rax
                        mov eax, 0x92
                        mov dr0, rax
                        mov eax, 0x60402
                        mov dr7, rax
                        xor ebx, ebx
                        out 0x94, al
                        inc ebx
                        out 0x90, eax
                        inc ebx
                        hlt
                    hit:
                        REPORT rbx
                        mov rax, dr6
                        and eax, 15
                        out 0x80, eax
                        hlt
                    """.formatted(extensions));
            assertThat(k.next()).isEqualTo(new Exit.PortWrite(0x94, 1, 2));
            k.vcpu.complete(0);
            // Ports 90 to 93, of which the upper two are watched.
            assertThat(k.next()).isInstanceOf(Exit.PortWrite.class);
            k.vcpu.complete(0);
            assertThat(k.next()).isEqualTo(Exit.HALT);
            if (extensions == 0) {
                assertThat(k.reports).isEmpty();
            } else {
                assertThat(k.reports.get(0)).isEqualTo(DB);
                assertThat(k.reports.subList(3, 5))
                        .as("instructions before, DR6")
                        .containsExactly(1L, 1L);
            }
        }
    }

    /** Sets TF, then executes what is given; every trap reports how many bytes behind {@code start} it came. */
    private static TestKernel stepped(String code) {
        return run("""
                    lea rax, [trap]
                    mov word ptr [IDT + 16], ax
                    lea rax, [handler]
                    mov word ptr [IDT + 16 * 0x21], ax
                    mov dr6, rcx
                    mov ecx, ss
                    pushf
                    or dword ptr [rsp], 0x100
                    popf
                start:
                """ + code + """

                    pushf
                    and dword ptr [rsp], ~0x100
                    popf
                    hlt
                trap:
                    mov rax, [rsp]
                    sub rax, offset start
                    cmp rax, 32
                    ja 1f
                    out 0x80, eax
                1:  iretq
                handler:
                    iretq
                """);
    }

    @Test
    void shouldNotStepBehindLoadsOfTheStackSegmentNorIntoSoftwareInterrupts() {
        assertThat(stepped("nop\nnop").reports).containsExactly(1L, 2L, 3L, 10L, 11L);
        assertThat(stepped("mov ss, ecx\nnop\nnop").reports)
                .as("the trap of MOV SS waits for the next instruction")
                .containsExactly(3L, 4L, 5L, 12L, 13L);
        assertThat(stepped("int 0x21\nnop\nnop").reports)
                .as("INT takes TF away, IRET brings it back")
                .containsExactly(3L, 4L, 5L, 12L, 13L);
    }

    @Test
    void shouldNotMeetBreakpointsBehindLoadsOfTheStackSegment() {
        TestKernel k = run("""
                    EXPECT hit
                    lea rax, [target]
                    mov dr0, rax
                    mov eax, 0x402
                    mov dr7, rax
                    mov ecx, ss
                    mov ss, ecx
                target:
                    nop
                    hlt
                hit:
                    hlt
                """);
        assertThat(k.reports).isEmpty();
    }

    @Test
    void shouldStopForTheHostsBreakpointsAndWatchpoints() {
        TestKernel k = TestKernel.of("""
                    lea rdx, [cell]
                    hlt
                    xor ebx, ebx
                    hlt
                again:
                    inc ebx
                    mov [rdx], ebx
                    cmp ebx, 3
                    jne again
                    hlt
                    .align 8
                cell: .quad 0
                """);
        assertThat(k.next()).isEqualTo(Exit.HALT);
        assertThat(k.next()).isEqualTo(Exit.HALT);
        long again = k.vcpu.registers().rip();
        long word = k.vcpu.registers().general(2);
        k.vcpu.breakpoints().add(again);
        assertThat(k.next()).isEqualTo(new Exit.Breakpoint(again));
        assertThat(k.vcpu.registers().general(3)).isZero();
        assertThat(k.next()).isEqualTo(new Exit.Breakpoint(again));
        assertThat(k.vcpu.registers().general(3)).isEqualTo(1);
        k.vcpu.breakpoints().remove(again);
        k.vcpu.breakpoints().watch(word, 4, Breakpoints.Access.WRITE);
        assertThat(k.next()).isEqualTo(new Exit.Watchpoint(word, true));
        assertThat(k.vcpu.registers().general(3)).isEqualTo(2);
        assertThat(k.next()).isEqualTo(new Exit.Watchpoint(word, true));
        byte[] value = new byte[4];
        assertThat(k.vcpu.readLinear(word, value)).isEqualTo(4);
        assertThat(value[0]).isEqualTo((byte) 3);
        k.vcpu.breakpoints().unwatch(word, 4, Breakpoints.Access.WRITE);
        assertThat(k.next()).isEqualTo(Exit.HALT);
    }

    @Test
    void shouldStepOneInstruction() {
        TestKernel k = TestKernel.of("hlt\ninc ebx\ninc ebx\ninc ebx\nhlt");
        assertThat(k.next()).isEqualTo(Exit.HALT);
        long rip = k.vcpu.registers().rip();
        assertThat(k.vcpu.step()).isEqualTo(Exit.BUDGET);
        assertThat(k.vcpu.registers().rip()).isEqualTo(rip + 2);
        k.vcpu.breakpoints().add(rip + 2);
        assertThat(k.vcpu.step())
                .as("a step ignores the breakpoint that it starts at")
                .isEqualTo(Exit.BUDGET);
        assertThat(k.vcpu.registers().rip()).isEqualTo(rip + 4);
    }

    @Test
    void shouldMeetABreakpointInHotCodeAndRunTranslationsElsewhere() {
        TestKernel.tiers = Tiers.atOnce(2);
        try {
            TestKernel k = TestKernel.of("""
                        EXPECT hit
                        lea rax, [target]
                        mov dr0, rax
                        mov eax, 0x402
                        mov dr7, rax
                        mov ecx, 50
                    1:  call far_away
                        dec ecx
                        jne 1b
                        call before
                        hlt
                    before:
                        mov dr7, rbx
                        mov ecx, 50
                    2:  call target
                        dec ecx
                        jne 2b
                        mov eax, 0x402
                        mov dr7, rax
                    target:
                        inc edx
                        ret
                    hit:
                        REPORT rdx
                        hlt
                        .align 4096
                    far_away:
                        xor ebx, ebx
                        mov eax, 100
                    3:  dec eax
                        jne 3b
                        xor edx, edx
                        ret
                    """);
            assertThat(k.next()).isEqualTo(Exit.HALT);
            assertThat(k.reports.get(0)).isEqualTo(DB);
            assertThat(k.reports.get(3)).as("instructions before").isEqualTo(50);
            assertThat(k.vcpu.translation().instructions())
                    .as("translated while armed")
                    .isGreaterThan(8000);
        } finally {
            TestKernel.tiers = Tiers.INTERPRETER;
        }
    }
}
