// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The real gdb against a program on the virtual processor. */
class GdbIT {
    private static final String PROGRAM = """
            #include <stdio.h>
            int counter;
            int square(int x) { counter += x; return x * x; }
            double half(double x) { return x / 2; }
            int main(int argc, char **argv) {
                int sum = 0;
                for (int i = 1; i <= 5; i++)
                    sum += square(i);
                printf("%d %d\\n", sum, (int) half(7));
                if (argc > 1)
                    for (;;)
                        counter++;
                return sum;
            }
            """;

    private String program = PROGRAM;

    @TempDir
    Path folder;

    private String debug(List<String> linking, List<String> arguments, String... commands)
            throws IOException, InterruptedException {
        String gcc = Launched.need("gcc");
        String gdb = Launched.need("gdb");
        Files.writeString(folder.resolve("p.c"), program);
        List<String> compile = new ArrayList<>(List.of(gcc, "-g", "-O0", "-o", "p", "p.c"));
        compile.addAll(linking);
        assertThat(Launched.natively(folder, "", compile).code()).isZero();
        List<String> run = Launched.x86("run");
        run.addAll(List.of("--gdb", "gdb.sock", "./p"));
        run.addAll(arguments);
        Process process = new ProcessBuilder(run)
                .directory(folder.toFile())
                .redirectOutput(folder.resolve("out").toFile())
                .start();
        try (BufferedReader err = process.errorReader()) {
            assertThat(err.readLine()).contains("waiting for gdb");
            List<String> words = new ArrayList<>(List.of(gdb, "-batch", "-nx", "-ex", "set confirm off", "-ex"));
            words.add("target remote gdb.sock");
            for (String command : commands) {
                words.addAll(List.of("-ex", command));
            }
            words.add("./p");
            Launched.Result result = Launched.run(folder, "", words);
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
            return new String(result.out(), StandardCharsets.UTF_8) + result.err();
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void shouldBreakWatchStepAndShowRegistersAndMemory() throws IOException, InterruptedException {
        String log = debug(
                List.of("-static"),
                List.of(),
                "break square",
                "continue",
                "print x",
                "backtrace",
                "delete",
                "watch counter",
                "continue",
                "continue",
                "print counter",
                "delete",
                "print $rip",
                "stepi",
                "print $rip",
                "finish",
                "set var counter = 100",
                "print counter",
                "tbreak half",
                "continue",
                "print $xmm0.v2_double[0]",
                "print $mxcsr & 0x1f80",
                "x/4xb square",
                "continue");
        assertThat(log)
                .contains("square (x=1)", "$1 = 1", "main (argc=1")
                .contains("Old value = 0", "New value = 1", "Old value = 1", "New value = 3", "$2 = 3")
                .contains("Value returned is", "= 100", "$7 = 7", "<square>:")
                .contains("exited with code 067");
    }

    @Test
    void shouldFindItsWayInAPositionIndependentProgram() throws IOException, InterruptedException {
        String log = debug(
                List.of("-pie", "-fPIE"), List.of(), "break square", "continue", "backtrace", "delete", "continue");
        assertThat(log).contains("square (x=1)", "main (argc=1", "exited with code 067");
    }

    /** Two threads that meet twice. */
    static final String THREADS = """
            #include <pthread.h>
            #include <stdio.h>
            int done[2];
            pthread_barrier_t both;
            int work(int n) { done[n] = n + 1; return n; }
            void *start(void *n) { pthread_barrier_wait(&both); work((int) (long) n); pthread_barrier_wait(&both); return 0; }
            void joined(void) {}
            int main(void) {
                pthread_t t[2];
                pthread_barrier_init(&both, 0, 3);
                for (long n = 0; n < 2; n++)
                    pthread_create(&t[n], 0, start, (void *) n);
                pthread_barrier_wait(&both);
                pthread_barrier_wait(&both);
                for (int n = 0; n < 2; n++)
                    pthread_join(t[n], 0);
                joined();
                return done[0] + done[1];
            }
            """;

    @Test
    void shouldShowThreadsAndStopThemTogether() throws IOException, InterruptedException {
        program = THREADS;
        String log = debug(
                List.of("-static", "-pthread"),
                List.of(),
                "break work",
                "continue",
                "info threads",
                "print $_thread",
                "set scheduler-locking on",
                "stepi",
                "set scheduler-locking off",
                "thread apply all print $rsp",
                "print n",
                "continue",
                "print done[0] + done[1] < 3",
                "print n",
                "delete",
                "break joined",
                "continue",
                "info threads",
                "continue");
        assertThat(log).contains("exited with code 03");
        assertThat(log.split("hit Breakpoint 1, work|Breakpoint 1, work", -1))
                .as("each thread comes by once: %s", log)
                .hasSize(3);
        assertThat(log).containsPattern("(?m)^\\*? +3 +Thread ").contains("joined ()");
        assertThat(log.lines()
                        .filter(l -> l.matches(".*= \\(void \\*\\) 0x[0-9a-f]+"))
                        .count())
                .as("stack pointers of three threads: %s", log)
                .isEqualTo(3);
    }

    @Test
    void shouldInterruptAProgramThatRuns() throws IOException, InterruptedException {
        String log = debug(
                List.of("-static"),
                List.of("for-ever"),
                "tbreak half",
                "continue",
                "python import threading, os, signal; threading.Timer(1.0, lambda: os.kill(os.getpid(), signal.SIGINT)).start()",
                "continue",
                "print counter > 15",
                "kill");
        assertThat(log).contains("SIGINT", "= 1");
    }
}
