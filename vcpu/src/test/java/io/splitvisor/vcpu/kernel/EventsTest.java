// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.splitvisor.vcpu.Exit;
import org.junit.jupiter.api.Test;

/** Interrupts, traps, rings, code that changes, and accesses that the host answers. */
class EventsTest {
    private static TestKernel run(String test) {
        TestKernel k = TestKernel.of(test);
        assertThat(k.next()).isEqualTo(Exit.HALT);
        return k;
    }

    @Test
    void shouldTakeAnInterruptOnlyWhenEnabledAndAfterTheShadowOfSti() {
        TestKernel k = TestKernel.of("""
                    EXPECT handler
                    xor ebx, ebx
                    hlt
                    inc ebx
                    sti
                    inc ebx
                    inc ebx
                handler:
                    REPORT rbx
                    hlt
                """);
        assertThat(k.next()).isEqualTo(Exit.HALT);
        k.interrupt(0x21);
        assertThat(k.next()).isEqualTo(Exit.HALT);
        assertThat(k.reports.get(0)).isEqualTo(0x21);
        assertThat(k.reports.get(3)).as("instructions before the interrupt").isEqualTo(2);
    }

    @Test
    void shouldTellWhenTheGuestCanTakeAnInterrupt() {
        TestKernel k = TestKernel.of("hlt\nmov ebx, 1\nsti\nnop\nmov ebx, 2\nhlt");
        assertThat(k.next()).isEqualTo(Exit.HALT);
        k.vcpu.requestInterruptWindow();
        assertThat(k.next()).isEqualTo(Exit.INTERRUPT_WINDOW);
        assertThat(k.vcpu.registers().general(3)).isEqualTo(1);
        assertThat(k.next()).isEqualTo(Exit.HALT);
    }

    @Test
    void shouldStopWhenTheHostAsks() {
        TestKernel k = TestKernel.of("1: jmp 1b");
        k.vcpu.stop();
        assertThat(k.next()).isEqualTo(Exit.STOPPED);
        assertThat(k.next()).isEqualTo(Exit.BUDGET);
    }

    @Test
    void shouldTrapAfterEveryInstructionWithTheTrapFlag() {
        TestKernel k = run("""
                    EXPECT stepped
                    xor ebx, ebx
                    pushf
                    or dword ptr [rsp], 0x100
                    popf
                    inc ebx
                next:
                    inc ebx
                stepped:
                    REPORT rbx
                    lea rax, [next]
                    out 0x80, eax
                    hlt
                """);
        assertThat(k.reports.get(0)).isEqualTo(1);
        assertThat(k.reports.get(3)).as("instructions before the trap").isEqualTo(1);
        assertThat(k.reports.get(2)).isEqualTo(k.reports.get(4));
    }

    private static final String TO_RING3 = """
                mov qword ptr [PML4], PDPT + 7
                EXPECT back
                push 0x2b
                push STACK3
                push 0x202
                push 0x33
                push offset ring3
                iretq
            """;

    @Test
    void shouldSwitchStacksBetweenRings() {
        TestKernel k = run(TO_RING3 + """
                ring3:
                    int3
                back:
                    mov rax, rsp
                    out 0x80, eax
                    REPORT [rsp+32]
                    REPORT [rsp+48]
                    hlt
                """);
        assertThat(k.reports.get(0)).isEqualTo(13);
        assertThat(k.reports.get(1)).as("gate of ring 0").isEqualTo(3 * 8 + 2);
        assertThat(k.reports.get(3)).as("stack of ring 0").isEqualTo(0xa000 - 7 * 8);
        assertThat(k.reports.get(4)).as("saved CS").isEqualTo(0x33);
        assertThat(k.reports.get(5)).as("saved RSP").isEqualTo(0xb000);
    }

    @Test
    void shouldEnterAndLeaveTheKernelBySyscall() {
        TestKernel k = run("""
                    mov ecx, 0xc0000081
                    xor eax, eax
                    mov edx, 0x00200008
                    wrmsr
                    mov ecx, 0xc0000082
                    mov eax, offset kernel
                    xor edx, edx
                    wrmsr
                    mov ecx, 0xc0000084
                    mov eax, 0x200
                    wrmsr
                """ + TO_RING3 + """
                ring3:
                    mov ebx, 1
                    syscall
                returned:
                    mov ebx, 2
                    syscall
                kernel:
                    pushf
                    REPORT [rsp+8]
                    pop rax
                    mov eax, cs
                    out 0x80, eax
                    mov eax, ss
                    out 0x80, eax
                    REPORT rcx
                    REPORT r11
                    cmp ebx, 2
                    je back
                    sysretq
                back:
                    lea rax, [returned]
                    out 0x80, eax
                    hlt
                """);
        assertThat(k.reports).hasSize(11);
        assertThat(k.reports.get(0) & 0x200).as("IF masked").isZero();
        assertThat(k.reports.subList(1, 3)).containsExactly(0x08L, 0x10L);
        assertThat(k.reports.get(3)).isEqualTo(k.reports.get(10));
        assertThat(k.reports.get(4)).isEqualTo(0x202);
        assertThat(k.reports.get(9)).as("flags restored by SYSRET").isEqualTo(0x202);
    }

    @Test
    void shouldKeepRing3OutOfTheKernel() {
        for (String[] attempt : new String[][] {
            {"mov eax, [PT]", "14", "5"},
            {"mov dword ptr [PT], 0", "14", "7"},
            {"cli", "13", "0"},
            {"hlt", "13", "0"},
            {"in al, 0x80", "13", "0"},
            {"mov rax, cr0", "13", "0"},
            {"rdmsr", "13", "0"},
            {"lgdt [gdtr]", "13", "0"},
            {"invlpg [rax]", "13", "0"},
            {"clts", "13", "0"},
            {"swapgs", "13", "0"},
            {"wbinvd", "13", "0"},
            {"sysretq", "13", "0"},
        }) {
            TestKernel k =
                    run("mov qword ptr [PT + 8*0x13], 0x13003\n" + TO_RING3 + "ring3: " + attempt[0] + "\nback: hlt");
            assertThat(k.reports.get(0)).as(attempt[0]).isEqualTo(Long.parseLong(attempt[1]));
            assertThat(k.reports.get(1)).as(attempt[0]).isEqualTo(Long.parseLong(attempt[2]));
        }
    }

    @Test
    void shouldHonourSmepAndSmap() {
        String smap = "mov eax, 0x300020\nmov cr4, rax\n";
        String supervisor = """
                    mov edi, PT
                1:  and qword ptr [rdi], -5
                    add rdi, 8
                    cmp edi, PT+0x1000
                    jne 1b
                    or qword ptr [PT+8*0x80], 4
                    mov rax, cr3
                    mov cr3, rax
                """;
        TestKernel read = run(supervisor + smap + "EXPECT 1f\nmov eax, [0x80000]\n1: hlt");
        assertThat(read.reports.subList(0, 2)).containsExactly(14L, 1L);
        TestKernel allowed = run(supervisor + smap + "stac\nmov eax, [0x80000]\nclac\nREPORT 7\nhlt");
        assertThat(allowed.reports).containsExactly(7L);
        TestKernel fetch = run(supervisor + smap + "EXPECT 1f\nmov eax, 0x80000\njmp rax\n1: hlt");
        assertThat(fetch.reports.subList(0, 2)).containsExactly(14L, 0x11L);
    }

    @Test
    void shouldSetAccessedAndDirtyBits() {
        TestKernel k = run("""
                    mov qword ptr [PT+8*0x80], 0x80007
                    invlpg [0x80000]
                    REPORT [PT+8*0x80]
                    mov eax, [0x80000]
                    REPORT [PT+8*0x80]
                    mov [0x80000], eax
                    REPORT [PT+8*0x80]
                    hlt
                """);
        assertThat(k.reports).containsExactly(0x80007L, 0x80027L, 0x80067L);
    }

    @Test
    void shouldSeeItsOwnChangesOfCodeAtOnce() {
        TestKernel k = run("""
                    mov ecx, 3
                again:
                    mov byte ptr [patched+1], cl
                patched:
                    mov eax, 0x77
                    out 0x80, eax
                    loop again
                    # The instruction itself, by a string instruction over it.
                    lea rdi, [self]
                    mov al, 0x90
                    mov ecx, 4
                self:
                    rep stosb
                    nop
                    nop
                    REPORT rcx
                    hlt
                """);
        assertThat(k.reports).startsWith(3L, 2L, 1L);
        assertThat(k.exits).containsExactly(Exit.HALT);
    }

    @Test
    void shouldStopRepeatedMovesAtTheFaultingElement() {
        TestKernel k = run("""
                    mov qword ptr [PT+8*0x81], 0
                    EXPECT back
                    mov esi, 0x70000
                    mov edi, 0x80ff0
                    mov ecx, 8
                    rep movsd
                back:
                    REPORT rcx
                    REPORT rsi
                    REPORT rdi
                    hlt
                """);
        assertThat(k.reports.subList(0, 2)).containsExactly(14L, 2L);
        assertThat(k.reports.subList(3, 6)).containsExactly(4L, 0x70010L, 0x81000L);
    }

    @Test
    void shouldLeavePushAndPopUndoneWhenTheyFault() {
        TestKernel k = run("""
                    mov qword ptr [PT+8*0x81], 0
                    EXPECT back
                    mov r8d, 0x80000
                    mov rbp, rsp
                    mov rsp, 0x80ff8
                    pop qword ptr [rsp+8]
                    nop
                back:
                    REPORT [rsp+48]
                    hlt
                """);
        assertThat(k.reports.subList(0, 2)).containsExactly(14L, 2L);
        assertThat(k.reports.get(3)).as("RSP as before the pop").isEqualTo(0x80ff8);
    }

    @Test
    void shouldReplayInstructionsThatTouchDevices() {
        TestKernel k = TestKernel.of("""
                    mov rax, 0xfee00003
                    mov [PT+8*0x90], rax
                    stc
                    mov ebx, 5
                    adc dword ptr [0x90020], ebx
                    pushf
                    pop rax
                    and eax, 0x41
                    out 0x80, eax
                    mov rcx, [0x90ffc]
                    REPORT rcx
                    hlt
                """);
        assertThat(k.next()).isEqualTo(new Exit.DeviceRead(0xfee00020L, 4));
        assertThatThrownBy(() -> k.vcpu.run(1)).isInstanceOf(IllegalStateException.class);
        k.vcpu.complete(0xffff_fffaL);
        assertThat(k.next()).isEqualTo(new Exit.DeviceWrite(0xfee00020L, 4, 0));
        k.vcpu.complete(0);
        // Eight bytes across the end of the device's page: the part in RAM is read by the processor.
        for (int i = 0; i < 4; i++) {
            assertThat(k.next()).isEqualTo(new Exit.DeviceRead(0xfee00ffcL + i, 1));
            k.vcpu.complete(0x10 + i);
        }
        assertThat(k.next()).isEqualTo(Exit.HALT);
        assertThat(k.reports).containsExactly(0x41L, 0x13121110L);
    }

    @Test
    void i3_shouldUseOnlyTheBytesOfAPartialRead() {
        TestKernel k = TestKernel.of("mov eax, -1\nin al, 0x40\nREPORT rax\nin ax, 0x40\nREPORT rax\nhlt");
        assertThat(k.next()).isEqualTo(new Exit.PortRead(0x40, 1));
        k.vcpu.complete(0x1234_5678_9abc_de55L);
        assertThat(k.next()).isEqualTo(new Exit.PortRead(0x40, 2));
        k.vcpu.complete(0x1234_5678_9abc_de66L);
        assertThat(k.next()).isEqualTo(Exit.HALT);
        assertThat(k.reports).containsExactly(0xffff_ff55L, 0xffff_de66L);
    }

    @Test
    void shouldAskTheHostForUnknownMsrsAndTakeARefusal() {
        TestKernel k = TestKernel.of(
                "mov ecx, 0x40000000\nrdmsr\nREPORT rax\nEXPECT 1f\nmov eax, 7\nxor edx, edx\nwrmsr\n1: hlt");
        assertThat(k.next()).isEqualTo(new Exit.MsrRead(0x40000000));
        k.vcpu.complete(0x55);
        assertThat(k.next()).isEqualTo(new Exit.MsrWrite(0x40000000, 7));
        k.vcpu.refuse();
        assertThat(k.next()).isEqualTo(Exit.HALT);
        assertThat(k.reports.subList(0, 3)).containsExactly(0x55L, 13L, 0L);
    }

    @Test
    void shouldReadStringsFromPorts() {
        TestKernel k = TestKernel.of(
                "mov edi, 0x80000\nmov edx, 0x1f0\nmov ecx, 3\nrep insw\nREPORT [0x80000]\nREPORT [0x80004]\nhlt");
        for (int i = 1; i <= 3; i++) {
            assertThat(k.next()).isEqualTo(new Exit.PortRead(0x1f0, 2));
            k.vcpu.complete(i);
        }
        assertThat(k.next()).isEqualTo(Exit.HALT);
        assertThat(k.reports).containsExactly(0x20001L, 3L);
    }

    @Test
    void shouldCountInstructionsExactlyAndReadThemAsTime() {
        TestKernel k = run("rdtsc\nmov ebx, eax\nnop\nnop\nrdtsc\nsub eax, ebx\nout 0x80, eax\nhlt");
        assertThat(k.reports).containsExactly(4L);
    }

    @Test
    void shouldLeaveForHypercalls() {
        TestKernel k = TestKernel.of("mov eax, 17\nvmcall\nREPORT rax\nvmmcall\nhlt");
        assertThat(k.next()).isEqualTo(Exit.HYPERCALL);
        assertThat(k.vcpu.registers().general(0)).isEqualTo(17);
        k.vcpu.registers().general(0, 42);
        assertThat(k.next()).isEqualTo(Exit.HYPERCALL);
        assertThat(k.next()).isEqualTo(Exit.HALT);
        assertThat(k.reports).containsExactly(42L);
    }
}
