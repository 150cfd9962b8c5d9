// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.vcpu.Exit;
import io.splitvisor.vcpu.Tiers;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Translations of code that changes, and of code that never ends by itself. Property {@code soak.rewrites} makes the soak longer.
 */
class RewritingTest {
    private static final int REWRITES = Integer.getInteger("soak.rewrites", 3000);

    @AfterEach
    void interpret() {
        TestKernel.tiers = Tiers.INTERPRETER;
    }

    /** Rewrites a hot function again and again, calls it until it is translated, and adds up what it returns. */
    private static TestKernel rewriting(int times) {
        return TestKernel.of("""
                    mov r12d, %d
                    xor r13d, r13d
                again:
                    mov dword ptr [patched+1], r12d
                    mov ecx, 40
                calls:
                    call function
                    add r13, rax
                    dec ecx
                    jne calls
                    dec r12d
                    jne again
                    hlt
                .align 64
                function:
                    xor edx, edx
                patched:
                    mov eax, 0x12345678
                    lea rax, [rax+rdx+1]
                    ret
                """.formatted(times));
    }

    @Test
    void shouldRunWhatWasWrittenLast() {
        TestKernel.tiers = Tiers.atOnce(2);
        TestKernel k = rewriting(200);
        assertThat(k.next()).isEqualTo(Exit.HALT);
        long sum = 0;
        for (int n = 200; n > 0; n--) {
            sum += 40L * (n + 1);
        }
        assertThat(k.vcpu.registers().general(13)).isEqualTo(sum);
        assertThat(k.vcpu.translation().dropped()).isPositive();
    }

    @Test
    void shouldNotGrowWhileCodeKeepsChanging() {
        TestKernel.tiers = Tiers.atOnce(Tiers.EVERYTHING);
        TestKernel k = rewriting(REWRITES);
        Exit exit = Exit.BUDGET;
        while (exit == Exit.BUDGET) {
            exit = k.next();
        }
        assertThat(exit).isEqualTo(Exit.HALT);
        Tiers.Statistics statistics = k.vcpu.translation();
        assertThat(statistics.dropped()).isGreaterThanOrEqualTo(REWRITES - 1);
        assertThat(statistics.live()).isLessThan(200);
    }

    @Test
    void shouldForgetBlocksWhenTheirRoomIsNeeded() {
        // More than 64 MiB of decoded code, the limit.
        long times = 150_000;
        TestKernel k = TestKernel.of("""
                    mov r12d, %d
                    xor r13d, r13d
                again:
                    mov dword ptr [patched+1], r12d
                    call patched
                    add r13, rax
                    dec r12d
                    jne again
                    hlt
                .align 64
                patched:
                    mov eax, 0x12345678
                .rept 60
                    inc rax
                .endr
                    ret
                """.formatted(times));
        Exit exit = Exit.BUDGET;
        while (exit == Exit.BUDGET) {
            exit = k.next();
        }
        assertThat(exit).isEqualTo(Exit.HALT);
        assertThat(k.vcpu.registers().general(13)).isEqualTo(times * (times + 1) / 2 + 60 * times);
    }

    @Test
    void shouldTranslateLessWhereCodeKeepsChanging() {
        TestKernel.tiers = Tiers.atOnce(2);
        TestKernel k = rewriting(2000);
        assertThat(k.next()).isEqualTo(Exit.HALT);
        assertThat(k.vcpu.translation().translated()).isLessThan(300);
    }

    @Test
    void shouldLeaveAnEndlessTranslationWhenTheHostAsks() throws InterruptedException {
        TestKernel.tiers = Tiers.atOnce(2);
        TestKernel k = TestKernel.of("xor eax, eax\n1: inc rax\njmp 1b");
        assertThat(k.vcpu.run(100_000)).isEqualTo(Exit.BUDGET);
        assertThat(k.vcpu.translation().instructions()).isPositive();
        CountDownLatch running = new CountDownLatch(1);
        Thread host = new Thread(() -> {
            running.countDown();
            k.vcpu.stop();
        });
        host.start();
        running.await();
        assertThat(k.vcpu.run(Long.MAX_VALUE / 4)).isEqualTo(Exit.STOPPED);
        host.join();
    }

    @Test
    void shouldTakeAnInterruptInATranslatedLoop() throws InterruptedException {
        TestKernel.tiers = Tiers.atOnce(2);
        TestKernel k = TestKernel.of("EXPECT 2f\nsti\nxor eax, eax\n1: inc rax\njmp 1b\n2: hlt");
        assertThat(k.vcpu.run(100_000)).isEqualTo(Exit.BUDGET);
        Thread host = new Thread(() -> k.interrupt(0x21));
        host.start();
        assertThat(k.next()).isEqualTo(Exit.HALT);
        assertThat(k.reports.get(0)).isEqualTo(0x21);
        host.join();
    }

    @Test
    void shouldCountExactlyInTranslations() {
        String loop = "mov ecx, 1000\n1: push rcx\npop rdx\nadd rax, rdx\nloop 1b\nrdtsc\nout 0x80, eax\nhlt";
        TestKernel interpreted = TestKernel.of(loop);
        assertThat(interpreted.next()).isEqualTo(Exit.HALT);
        TestKernel.tiers = Tiers.atOnce(3);
        TestKernel translated = TestKernel.of(loop);
        assertThat(translated.next()).isEqualTo(Exit.HALT);
        assertThat(translated.vcpu.translation().instructions()).isGreaterThan(3000);
        assertThat(translated.reports).isEqualTo(interpreted.reports);
        assertThat(translated.vcpu.retired()).isEqualTo(interpreted.vcpu.retired());
    }
}
