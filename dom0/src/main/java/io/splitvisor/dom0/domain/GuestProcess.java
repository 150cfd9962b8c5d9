// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.domain;

import io.splitvisor.attach.AttachMessages;
import io.splitvisor.dom0.config.DomainConfig;
import io.splitvisor.dom0.config.Guest;
import io.splitvisor.dom0.toolstack.ToolstackException;
import io.splitvisor.host.Confinement;
import io.splitvisor.host.HostProcess;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.ObjIntConsumer;

/**
 * The operating system process of a guest. It gets an empty environment but for what attaching needs, a working folder of
 * its own, no descriptors but the standard ones, limits on memory and open files, and a session of its own. It cannot gain
 * privileges; where the kernel has Landlock, it cannot write to files elsewhere, nor signal or trace anybody outside.
 */
final class GuestProcess {
    /** What a guest may have beside its guest-physical memory: code, stacks, a JVM's own structures. */
    private static final long OVERHEAD_BYTES = 512L << 20;

    private static final int OPEN_FILES = 256;
    private static final Path SETSID = Path.of("/usr/bin/setsid");
    private static final Path PRLIMIT = Path.of("/usr/bin/prlimit");

    private final Process process;

    private GuestProcess(Process process) {
        this.process = process;
    }

    /**
     * Looks whether there is something to run, before anything is made for it.
     *
     * @throws ToolstackException TARGET for a file that is not there, or is not what it should be
     */
    static void requireKernel(DomainConfig config) {
        switch (config.guest()) {
            case Guest.Exec(Path program) -> require(program, "kernel", Files.isExecutable(program), "not executable");
            case Guest.Jvm jvm -> {
                jvm.kernel().ifPresent(jar -> requireReadable(jar, "kernel"));
                jvm.modulePath().forEach(entry -> requireReadable(entry, "jvm_module_path"));
                jvm.classPath().forEach(entry -> requireReadable(entry, "jvm_class_path"));
            }
        }
    }

    private static void requireReadable(Path entry, String key) {
        // As java has it, `folder/*` is all jars of a folder.
        Path file = entry.endsWith("*") ? entry.getParent() : entry;
        require(file, key, Files.isReadable(file), "not readable");
    }

    private static void require(Path file, String key, boolean good, String otherwise) {
        if (!good) {
            throw new ToolstackException(
                    ToolstackException.Kind.TARGET,
                    key + ": " + file + ": " + (Files.exists(file) ? otherwise : "no such file"));
        }
    }

    /**
     * Starts the program of a domain.
     *
     * @param folder its working folder, which exists
     * @param output hears what it writes to its standard streams
     */
    static GuestProcess start(
            DomainConfig config, Path folder, Path attachSocket, String token, ObjIntConsumer<byte[]> output) {
        ProcessBuilder builder = new ProcessBuilder(command(config))
                .directory(folder.toFile())
                .redirectInput(new File("/dev/null"))
                .redirectErrorStream(true);
        Map<String, String> environment = builder.environment();
        environment.clear();
        environment.put(AttachMessages.SOCKET_VARIABLE, attachSocket.toString());
        environment.put(AttachMessages.TOKEN_VARIABLE, token);
        environment.put("LANG", "C.UTF-8");
        try {
            Process process = startConfined(builder, folder, config.name());
            if (!Files.isExecutable(PRLIMIT)) {
                // Late, but before the guest can attach.
                HostProcess.limit(process.pid(), HostProcess.RLIMIT_DATA, mostMemory(config));
                HostProcess.limit(process.pid(), HostProcess.RLIMIT_NOFILE, OPEN_FILES);
            }
            Thread.ofVirtual().name("output-of-" + config.name()).start(() -> pump(process.getInputStream(), output));
            return new GuestProcess(process);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The process inherits its rights from the thread that starts it: one that has next to none, and ends with this. */
    private static Process startConfined(ProcessBuilder builder, Path folder, String name) throws IOException {
        CompletableFuture<Process> started = new CompletableFuture<>();
        Thread starter = Thread.ofPlatform().name("start-" + name).start(() -> {
            try {
                Confinement.noNewPrivileges();
                Confinement.landlock(folder);
                started.complete(builder.start());
            } catch (IOException | RuntimeException e) {
                started.completeExceptionally(e);
            }
        });
        try {
            return started.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof IOException io) {
                throw new IOException(io.getMessage(), io);
            }
            throw e;
        } finally {
            joinUninterruptibly(starter);
        }
    }

    private static void joinUninterruptibly(Thread thread) {
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static long mostMemory(DomainConfig config) {
        return (config.memoryMib() << 20) + OVERHEAD_BYTES;
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

    /**
     * In a session of its own, where the system has the tool for it: a Ctrl-C on Dom0's terminal is for Dom0, which then ends
     * its guests in order. The limits, too, are set by a tool that then becomes the guest.
     */
    static List<String> command(DomainConfig config) {
        List<String> command = new ArrayList<>();
        if (Files.isExecutable(SETSID)) {
            command.add(SETSID.toString());
        }
        if (Files.isExecutable(PRLIMIT)) {
            command.add(PRLIMIT.toString());
            command.add("--data=" + mostMemory(config));
            command.add("--nofile=" + OPEN_FILES);
        }
        switch (config.guest()) {
            case Guest.Exec(Path program) -> {
                command.add(program.toAbsolutePath().toString());
                command.addAll(config.arguments());
            }
            case Guest.Jvm jvm -> addJvm(command, config, jvm);
        }
        return command;
    }

    private static void addJvm(List<String> command, DomainConfig config, Guest.Jvm jvm) {
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-Xmx" + Math.max(config.memoryMib(), 16) + "m");
        command.add("-XX:+UseSerialGC");
        command.add("-XX:TieredStopAtLevel=1");
        command.add("-XX:-UsePerfData");
        // An idle guest is idle: by default the JVM looks for monitors to deflate four times a second.
        command.add("-XX:+UnlockDiagnosticVMOptions");
        command.add("-XX:AsyncDeflationInterval=30000");
        command.add("--enable-native-access=ALL-UNNAMED");
        guestCache().ifPresent(cache -> {
            command.add("-XX:AOTCache=" + cache);
            command.add("-Xlog:aot=off");
            command.add("-Xlog:cds=off");
        });
        if (!config.drivers().isEmpty()) {
            command.add("-Dsplitvisor.drivers=true");
        }
        command.addAll(jvm.jvmArgs());
        command.add("-cp");
        command.add(classPath(config, jvm));
        command.add("io.splitvisor.domu.GuestMain");
        command.add(jvm.mainClass().orElseThrow());
        command.addAll(config.arguments());
    }

    /** The runtime's jars come first and in this order: an AOT cache holds for class paths that start as it was made. */
    private static String classPath(DomainConfig config, Guest.Jvm jvm) {
        StringBuilder path = new StringBuilder(runtimeClassPath());
        jvm.kernel().ifPresent(k -> path.append(File.pathSeparator).append(k.toAbsolutePath()));
        for (Path more : jvm.classPath()) {
            path.append(File.pathSeparator).append(more.toAbsolutePath());
        }
        for (Path more : jvm.modulePath()) {
            path.append(File.pathSeparator).append(more.toAbsolutePath());
        }
        for (Path driver : config.drivers()) {
            path.append(File.pathSeparator).append(driver.toAbsolutePath());
            if (Files.isDirectory(driver)) {
                // The libraries beside it.
                path.append(File.pathSeparator).append(driver.toAbsolutePath()).append("/*");
            }
        }
        return path.toString();
    }

    private static String runtimeClassPath() {
        String home = System.getProperty("splitvisor.home");
        if (home == null) {
            // Run from a build tree, as tests are: what this JVM has, the guest may have.
            return System.getProperty("java.class.path");
        }
        Path lib = Path.of(home, "lib");
        StringBuilder path = new StringBuilder();
        for (String jar : List.of("ring-buffer.jar", "hypercall-api.jar", "vcpu.jar", "domU.jar")) {
            path.append(path.isEmpty() ? "" : File.pathSeparator).append(lib.resolve(jar));
        }
        return path.toString();
    }

    private static Optional<Path> guestCache() {
        String home = System.getProperty("splitvisor.home");
        return Optional.ofNullable(home).map(h -> Path.of(h, "guest.aot")).filter(Files::isReadable);
    }

    long pid() {
        return process.pid();
    }

    boolean alive() {
        return process.isAlive();
    }

    /** Processor time used so far, in nanoseconds. */
    long cpuNanos() {
        return process.info().totalCpuDuration().map(Duration::toNanos).orElse(0L);
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
