// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.domain;

import io.splitvisor.host.HostProcess;
import io.splitvisor.monitor.time.ThreadTimes;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.ObjIntConsumer;

/**
 * The operating system process of a guest. It gets an empty environment but for what attaching needs, a working folder of
 * its own, no descriptors but the standard ones, limits on memory and open files, and a session of its own. It cannot gain
 * privileges; where the kernel has Landlock, it cannot write to files elsewhere, nor signal or trace anybody outside.
 */
final class GuestProcess {
    private final Process process;
    private final CompletableFuture<Void> silent = new CompletableFuture<>();

    GuestProcess(Process process) {
        this.process = process;
    }

    /** Passes on what it writes to its standard streams, from now on. */
    void output(String name, ObjIntConsumer<byte[]> output) {
        Thread.ofVirtual().name("output-of-" + name).start(() -> {
            pump(process.getInputStream(), output);
            silent.complete(null);
        });
    }

    /** Completes when all of its output has been passed on. */
    CompletableFuture<Void> outputEnd() {
        return silent.copy();
    }

    private static void pump(InputStream stream, ObjIntConsumer<byte[]> output) {
        byte[] buffer = new byte[4096];
        try (stream) {
            for (int n = stream.read(buffer); n > 0; n = stream.read(buffer)) {
                output.accept(buffer, n);
            }
        } catch (IOException e) {
            // The process is gone, and its pipe with it.
            return;
        }
    }

    long pid() {
        return process.pid();
    }

    boolean alive() {
        return process.isAlive();
    }

    /** Processor time used so far, in nanoseconds. */
    long cpuNanos() {
        return HostProcess.cpuNanos(pid());
    }

    /** What the kernel's scheduler says of a thread, if it is one of this process's. */
    Optional<ThreadTimes> threadTimes(int thread) {
        try {
            String[] words = Files.readString(Path.of("/proc/" + pid() + "/task/" + thread + "/schedstat"))
                    .strip()
                    .split(" ", -1);
            return Optional.of(new ThreadTimes(Long.parseLong(words[0]), Long.parseLong(words[1])));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** Whether it runs at this moment, as the kernel's scheduler sees it. */
    boolean running() {
        try {
            String stat = Files.readString(Path.of("/proc", Long.toString(pid()), "stat"));
            int afterName = stat.lastIndexOf(')');
            return afterName > 0 && stat.charAt(afterName + 2) == 'R';
        } catch (IOException e) {
            return false;
        }
    }

    void stop() {
        HostProcess.signal(pid(), HostProcess.SIGSTOP);
    }

    void resume() {
        HostProcess.signal(pid(), HostProcess.SIGCONT);
    }

    /** Ends it and all that it started, at once. */
    void kill() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }

    CompletableFuture<Process> onExit() {
        return process.onExit();
    }

    /** How it ended, for people. */
    String describeExit() {
        if (process.isAlive()) {
            return "closed its life line";
        }
        int status = process.exitValue();
        return status > 128 ? "was killed by signal " + (status - 128) : "exited with status " + status;
    }
}
