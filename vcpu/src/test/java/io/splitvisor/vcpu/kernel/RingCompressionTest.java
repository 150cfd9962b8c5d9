// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.splitvisor.host.ExecutableMemory;
import io.splitvisor.host.HostException;
import io.splitvisor.vcpu.Exit;
import io.splitvisor.vcpu.Tiers;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The seventeen sensitive instructions that do not trap (docs/popek-goldberg.md), in a guest kernel that believes to be in
 * ring 0, and is translated to code that the host runs in ring 3. Each shows what it would show on bare hardware: the
 * guest's own ring, tables and flags. What it would show of the host's ring is different in every case.
 */
class RingCompressionTest {
    @BeforeAll
    static void translate() {
        TestKernel.tiers = Tiers.atOnce(Tiers.EVERYTHING);
    }

    @AfterAll
    static void interpret() {
        TestKernel.tiers = Tiers.INTERPRETER;
    }

    /**
     * An instruction in ring 0.
     *
     * @param expected what it reports on bare hardware
     * @param why what it would be in ring 3
     */
    private record Sensitive(String name, String code, List<Long> expected, String why) {
        @Override
        public String toString() {
            return name;
        }
    }

    private static Sensitive sensitive(String name, String code, String why, long... expected) {
        return new Sensitive(name, code, Arrays.stream(expected).boxed().toList(), why);
    }

    static Stream<Sensitive> instructions() {
        return Stream.of(
                sensitive("sgdt", """
                            sgdt [cell]
                            mov rax, [cell]
                            sub rax, [gdtr]
                            REPORT rax
                            mov ax, [cell + 8]
                            sub ax, [gdtr + 8]
                            movzx eax, ax
                            REPORT rax
                        """, "the host's table", 0, 0),
                sensitive("sidt", """
                            sidt [cell]
                            mov rax, [cell]
                            sub rax, [idtr]
                            REPORT rax
                        """, "the host's table", 0),
                sensitive("sldt", "mov eax, -1\n sldt eax\n REPORT rax", "the host's table", 0),
                sensitive("str", "str eax\n REPORT rax", "the host's task", 0x38),
                sensitive("smsw", """
                            smsw rax
                            mov rcx, cr0
                            sub rcx, rax
                            REPORT rcx
                            and eax, 0x10000
                            REPORT rax
                        """, "the host's CR0", 0, 0x10000),
                sensitive("pushf", """
                            cli
                            pushf
                            pop rax
                            sti
                            pushf
                            pop rcx
                            cli
                            and eax, 0x3200
                            and ecx, 0x3200
                            REPORT rax
                            REPORT rcx
                        """, "IF always set, IOPL 0", 0, 0x200),
                sensitive("popf", """
                            push 0x3002
                            popf
                            pushf
                            pop rax
                            push 2
                            popf
                            and eax, 0x3200
                            REPORT rax
                        """, "IF and IOPL unchanged, without a trap", 0x3000),
                sensitive("lar", """
                            mov ecx, 8
                            xor eax, eax
                            lar eax, ecx
                            setz bl
                            movzx ebx, bl
                            and eax, 0xf0ff00
                            REPORT rbx
                            REPORT rax
                        """, "ZF clear: not visible from ring 3", 1, 0xa09b00),
                sensitive("lsl", """
                            mov ecx, 0x10
                            lsl eax, ecx
                            setz bl
                            movzx ebx, bl
                            REPORT rbx
                            REPORT rax
                        """, "ZF clear: not visible from ring 3", 1, 0xffff_ffffL),
                sensitive("verr and verw", """
                            mov ecx, 0x10
                            verr cx
                            setz bl
                            verw cx
                            setz al
                            movzx ebx, bl
                            movzx eax, al
                            REPORT rbx
                            REPORT rax
                        """, "ZF clear: not accessible from ring 3", 1, 1),
                sensitive("push", """
                            mov eax, 0x10
                            mov fs, eax
                            push fs
                            pop rax
                            REPORT rax
                        """, "ring 3 in the selector", 0x10),
                sensitive("pop", """
                            push 0x10
                            pop fs
                            mov eax, fs
                            REPORT rax
                        """, "#GP: a segment of ring 0", 0x10),
                sensitive("mov", """
                            mov eax, cs
                            REPORT rax
                            mov eax, 0x10
                            mov ss, eax
                            mov eax, ss
                            REPORT rax
                        """, "ring 3 in the selector, and #GP", 8, 0x10),
                sensitive("call", """
                            call fword ptr [cell]
                            jmp done
                        there:
                            mov eax, [rsp + 4]
                            REPORT rax
                            mov eax, cs
                            REPORT rax
                        done:
                            hlt
                            .align 8
                        cell:
                            .long there
                            .word 8
                        """, "#GP: a segment of ring 0", 8, 8),
                sensitive("jmp", """
                            jmp fword ptr [cell]
                        there:
                            mov eax, cs
                            REPORT rax
                            hlt
                            .align 8
                        cell:
                            .long there
                            .word 8
                        """, "#GP: a segment of ring 0", 8),
                sensitive("ret", """
                            push 8
                            push offset there
                            .byte 0x48
                            retf
                        there:
                            mov eax, cs
                            REPORT rax
                        """, "#GP: to an inner ring", 8),
                sensitive("int", """
                            EXPECT there
                            int 0x21
                        there:
                            mov eax, [rsp + 24]
                            and eax, 0xffff
                            REPORT rax
                            hlt
                        """, "#GP: the gate is for ring 0", 0x21, 0, -1, 8));
    }

    @ParameterizedTest
    @MethodSource("instructions")
    void shouldShowAGuestKernelWhatBareHardwareWould(Sensitive s) {
        String cell = s.code.contains("cell:") ? "" : "\nhlt\n.align 8\ncell: .quad 0, 0\n";
        TestKernel k = TestKernel.of(s.code + cell);
        assertThat(k.next()).isEqualTo(Exit.HALT);
        assertThat(k.vcpu.registers().cpl()).isZero();
        assertThat(k.reports).as("in ring 3: %s", s.why).hasSameSizeAs(s.expected);
        for (int i = 0; i < s.expected.size(); i++) {
            if (s.expected.get(i) >= 0) {
                assertThat(k.reports.get(i))
                        .as("report %d; in ring 3: %s", i, s.why)
                        .isEqualTo(s.expected.get(i));
            }
        }
    }

    @Test
    void shouldBeMoreThanTheHostsProcessorShows() {
        assumeTrue(System.getProperty("os.arch").equals("amd64"), "needs a host with x86-64");
        // mov eax, cs; ret
        byte[] code = {(byte) 0x8c, (byte) 0xc8, (byte) 0xc3};
        long cs;
        try (ExecutableMemory memory = new ExecutableMemory(4096)) {
            MemorySegment.copy(code, 0, memory.segment(), ValueLayout.JAVA_BYTE, 0, code.length);
            cs = memory.call(0, 0);
        } catch (HostException refused) {
            assumeTrue(false, "needs writable executable memory");
            return;
        }
        assertThat(cs & 3).as("the ring that the guest kernel really runs in").isEqualTo(3);
        TestKernel k = TestKernel.of("mov eax, cs\n REPORT rax\n hlt");
        assertThat(k.next()).isEqualTo(Exit.HALT);
        assertThat(k.reports.getFirst() & 3).isZero();
    }
}
