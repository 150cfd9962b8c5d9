// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.vcpu.Cpuid;
import io.splitvisor.vcpu.Exit;
import org.junit.jupiter.api.Test;

/** Process-context identifiers, INVPCID and UMIP, for hosts that announce them. */
class ContextIdentifiersTest {
    private static final long GP = 13;

    private static TestKernel run(Cpuid cpuid, String test) {
        TestKernel k = TestKernel.of(cpuid, test);
        assertThat(k.next()).isEqualTo(Exit.HALT);
        return k;
    }

    /** Reads a page under identifier 1, maps something else there, and reads it again after what is given. */
    private static long secondRead(String between) {
        TestKernel k = run(Cpuid.full(), """
                    mov dword ptr [0x180000], 11
                    mov dword ptr [0x181000], 22
                    mov rax, cr4
                    or eax, 0x20000
                    mov cr4, rax
                    mov eax, PML4 + 1
                    mov cr3, rax
                    mov ecx, [0x180000]
                    mov qword ptr [PT + 8 * 0x180], 0x181007
                """ + between + """

                    mov ecx, [0x180000]
                    REPORT rcx
                    hlt
                .align 16
                descriptor: .quad 1, 0x180000
                """);
        return k.reports.getFirst();
    }

    @Test
    void shouldKeepWhatAnIdentifierHasIfAskedTo() {
        assertThat(secondRead("")).isEqualTo(11);
        String away = "mov eax, PML4 + 2\nmov cr3, rax\nmov eax, [0x181000]\n";
        assertThat(secondRead(away + "mov rax, 0x8000000000000000 + PML4 + 1\nmov cr3, rax"))
                .as("bit 63 of CR3")
                .isEqualTo(11);
        assertThat(secondRead(away + "mov eax, PML4 + 1\nmov cr3, rax")).isEqualTo(22);
        assertThat(secondRead("invlpg [0x180000]")).isEqualTo(22);
        for (int type = 0; type < 4; type++) {
            String invalidate = "mov eax, " + type + "\ninvpcid rax, [descriptor]";
            assertThat(secondRead(invalidate)).as(invalidate).isEqualTo(22);
        }
    }

    @Test
    void shouldRefuseWhatTheArchitectureDoes() {
        String enable = "mov rax, cr4\nor eax, 0x20000\n";
        for (String bad : new String[] {
            "mov eax, PML4 + 1\nmov cr3, rax\n" + enable + "mov cr4, rax",
            "mov eax, 4\ninvpcid rax, [good]",
            "mov eax, 1\ninvpcid rax, [good]",
            "mov eax, 2\ninvpcid rax, [reserved]",
            "mov rax, 0x8000000000000000 + PML4\nmov cr3, rax"
        }) {
            TestKernel k = run(Cpuid.full(), "EXPECT hit\n" + bad + """

                        hlt
                    hit: hlt
                    .align 16
                    good: .quad 1, 0
                    reserved: .quad 0x1000, 0
                    """);
            assertThat(k.reports).as(bad).startsWith(GP, 0L);
        }
    }

    @Test
    void shouldNotExistWhereCpuidHidesThem() {
        TestKernel k = run(Cpuid.baseline(), """
                    EXPECT hit
                    mov rax, cr4
                    or eax, 0x20000
                    mov cr4, rax
                hit:
                    EXPECT undefined
                    invpcid rax, [rsp]
                undefined: hlt
                """);
        assertThat(k.reports.get(0)).isEqualTo(GP);
        assertThat(k.reports.get(3)).isEqualTo(6);
    }

    @Test
    void shouldHideTablesFromRing3() {
        for (String look : new String[] {"sgdt [rsp]", "sidt [rsp]", "sldt eax", "str eax", "smsw eax"}) {
            TestKernel k = run(Cpuid.full(), """
                        mov rax, cr4
                        or eax, 0x800
                        mov cr4, rax
                    """ + look + """

                        EXPECT back
                        push 0x2b
                        push STACK3 - 64
                        push 0x202
                        push 0x33
                        push offset ring3
                        iretq
                    ring3:
                    """ + look + """

                        hlt
                    back: hlt
                    """);
            assertThat(k.reports).as(look).startsWith(GP, 0L, k.reports.get(2));
            assertThat(k.reports).as("it traps by itself, not at HLT").hasSize(3);
        }
    }
}
