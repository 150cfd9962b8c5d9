// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.vcpu.Exit;
import org.junit.jupiter.api.Test;

/** What only a kernel sees of x87 and MMX: exceptions, availability, and state in memory. */
class FloatingPointTest {
    private static final String NUMERIC_ERRORS_ON = "mov rax, cr0\nor eax, 0x20\nmov cr0, rax\nfninit\n";
    private static final String SWITCHED = "mov rax, cr0\nor eax, 8\nmov cr0, rax\n";
    private static final String ABSENT = "mov rax, cr0\nor eax, 4\nmov cr0, rax\n";
    /** A division by zero that is not masked waits. */
    private static final String WAITING = NUMERIC_ERRORS_ON + """
            mov word ptr [0x80000], 0x37b
            fldcw [0x80000]
            fld1
            fldz
            fdivp st(1), st
            """;

    /** Reports vector, error code and where, or nothing if there is no exception. */
    private static TestKernel run(String setup, String instruction) {
        TestKernel k = TestKernel.of("%sEXPECT 1f\nfault: %s\n1: hlt".formatted(setup, instruction));
        assertThat(k.next()).isEqualTo(Exit.HALT);
        return k;
    }

    private static void expect(String setup, String instruction, long vector) {
        assertThat(run(setup, instruction).reports).as(instruction).first().isEqualTo(vector);
    }

    @Test
    void shouldRaiseWhatWaitsAtTheNextInstructionThatWaits() {
        for (String waits :
                new String[] {"fwait", "fld1", "fldcw [0x80000]", "fadd st, st(1)", "emms", "paddb mm0, mm1"}) {
            expect(WAITING, waits, 16);
        }
        for (String doesNot :
                new String[] {"fnstsw ax", "fnstcw [0x80000]", "fnclex", "fninit", "fnstenv [0x80000]", "nop"}) {
            assertThat(run(WAITING, doesNot).reports).as(doesNot).isEmpty();
        }
        assertThat(run(WAITING + "fnclex\n", "fwait").reports).isEmpty();
    }

    @Test
    void shouldIgnoreWhatWaitsWhereNumericErrorsAreNotExceptions() {
        String off = WAITING + "mov rax, cr0\nand eax, ~0x20\nmov cr0, rax\n";
        assertThat(run(off, "fwait").reports).isEmpty();
    }

    @Test
    void shouldNotBeAvailableAfterATaskSwitchOrWithoutAnX87() {
        for (String x87 : new String[] {"fld1", "fninit", "fnstsw ax", "fxsave [0x80000]", "fxrstor [0x80000]"}) {
            expect(SWITCHED, x87, 7);
            expect(ABSENT, x87, 7);
        }
        expect(SWITCHED, "paddb mm0, mm1", 7);
        expect(ABSENT, "paddb mm0, mm1", 6);
        assertThat(run(SWITCHED, "fwait").reports).as("without CR0.MP").isEmpty();
        expect(SWITCHED + "or eax, 2\nmov cr0, rax\n", "fwait", 7);
    }

    @Test
    void shouldAskAgainWhetherVectorsMayBeUsed() {
        String vectors = "mov rax, cr4\nor eax, 0x600\nmov cr4, rax\n";
        String twice =
                "call 5f\n%s\nEXPECT 1f\ncall 5f\n1: hlt\n5: inc ebx\nmovd xmm1, ebx\npaddb xmm1, xmm1\nret\n6: nop";
        for (String[] change : new String[][] {{"or eax, 8", "7"}, {"or eax, 4", "6"}}) {
            String between = "mov rax, cr0\n%s\nmov cr0, rax\n".formatted(change[0]);
            TestKernel k = TestKernel.of(vectors + "xor ebx, ebx\n" + twice.formatted(between));
            assertThat(k.next()).isEqualTo(Exit.HALT);
            assertThat(k.reports).as(change[0]).first().isEqualTo(Long.parseLong(change[1]));
        }
    }

    @Test
    void shouldLeaveAllStateWhenAStoreFaults() {
        TestKernel k = TestKernel.of("""
                fninit
                fldpi
                mov qword ptr [PT+8*0x81], 0
                invlpg [0x81000]
                EXPECT 1f
                fstp dword ptr [0x81000]
            1:  fnstsw ax
                movzx eax, ax
                out 0x80, eax
                hlt
                """);
        assertThat(k.next()).isEqualTo(Exit.HALT);
        assertThat(k.reports.get(0)).isEqualTo(14);
        assertThat(k.reports.get(3)).as("neither popped nor inexact").isEqualTo(7 << 11);
    }

    @Test
    void shouldKeepTheStateInMemory() {
        TestKernel k = TestKernel.of(NUMERIC_ERRORS_ON + """
                mov rax, cr4
                or eax, 0x600
                mov cr4, rax
                fld1
            2:  fldpi
                fxsave64 [0x80000]
                fninit
                fxrstor64 [0x80000]
                fxsave64 [0x80200]
                mov esi, 0x80000
                mov edi, 0x80200
                mov ecx, 512
                repe cmpsb
                REPORT rcx
                lea rax, [2b]
                sub rax, [0x80008]
                REPORT rax
                fnsave [0x80400]
                REPORT [0x80408]
                frstor [0x80400]
                fistp dword ptr [0x80600]
                REPORT [0x80600]
                fstp qword ptr [0x80600]
                REPORT [0x80604]
                hlt
                """);
        assertThat(k.next()).isEqualTo(Exit.HALT);
        // Registers 7 and 6 are full: pi is special to no tag.
        assertThat(k.reports).containsExactly(0L, 0L, 0xffff_0fffL, 3L, 0x3ff0_0000L);
    }

    @Test
    void shouldRaiseInvalidOpcodeForWhatCpuidHides() {
        for (String hidden : new String[] {
            "movbe eax, [0x80000]", "xgetbv", "gf2p8mulb xmm0, xmm1", "rdrand eax", "vzeroupper",
            "monitor", "mwait", "rdpid rax", "adcx eax, ecx", "extrq xmm0, xmm1"
        }) {
            expect("mov rax, cr4\nor eax, 0x600\nmov cr4, rax\n", hidden, 6);
        }
    }
}
