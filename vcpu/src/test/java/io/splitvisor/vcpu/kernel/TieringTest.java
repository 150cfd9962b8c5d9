// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.vcpu.Exit;
import io.splitvisor.vcpu.Tiers;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Which code is translated, and how often. */
class TieringTest {
    private static final int THRESHOLD = 20;

    @AfterEach
    void interpret() {
        TestKernel.tiers = Tiers.INTERPRETER;
    }

    private static TestKernel run(String code) {
        TestKernel.tiers = Tiers.atOnce(THRESHOLD);
        TestKernel k = TestKernel.of(code);
        Exit exit = Exit.BUDGET;
        while (exit == Exit.BUDGET) {
            exit = k.next();
        }
        assertThat(exit).isEqualTo(Exit.HALT);
        return k;
    }

    @Test
    void shouldNotTranslateWhatARegionHasAgain() {
        // All eight blocks become hot at the same time.
        TestKernel k = run("""
                    mov ecx, 3000
                again:
                .rept 7
                    add eax, ecx
                    test eax, 3
                    je 1f
                    inc ebx
                1:
                .endr
                    dec ecx
                    jne again
                    hlt
                """);
        assertThat(k.vcpu.translation().translated()).isBetween(1L, 3L);
        assertThat(k.vcpu.translation().dropped()).isZero();
    }

    @Test
    void shouldTakeASharedFunctionInWhereItIsCalledVeryOften() {
        // From so many places that at first it is translated by itself.
        int turns = 10 * THRESHOLD * 64;
        TestKernel k = run("""
                    xor eax, eax
                    xor ebx, ebx
                    mov ecx, %d
                again:
                    call function
                    call function
                    call function
                    call function
                    call function
                    call function
                    dec ecx
                    jne again
                    hlt
                function:
                    lea rax, [rax+rcx]
                    inc rbx
                    ret
                """.formatted(turns));
        assertThat(k.vcpu.registers().general(0)).isEqualTo(6L * turns * (turns + 1) / 2);
        assertThat(k.vcpu.registers().general(3)).isEqualTo(6L * turns);
        // Nothing was rewritten: a wider region took the place of another one.
        assertThat(k.vcpu.translation().dropped()).isPositive();
        assertThat(k.vcpu.translation().live()).isLessThan(12);
    }
}
