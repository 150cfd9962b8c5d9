// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.domain;

import io.splitvisor.dom0.config.DomainConfig;
import io.splitvisor.dom0.config.Guest;
import io.splitvisor.dom0.toolstack.ToolstackException;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The command line of a guest's process: what sets its session and limits, then the program, or a JVM with its guest. */
final class GuestCommand {
    private static final Path SETSID = Path.of("/usr/bin/setsid");
    private static final Path PRLIMIT = Path.of("/usr/bin/prlimit");

    private GuestCommand() {}

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

    /** Whether the command sets the process's limits before its first instruction. */
    static boolean setsLimits() {
        return Files.isExecutable(PRLIMIT);
    }

    /**
     * In a session of its own, where the system has the tool for it: a Ctrl-C on Dom0's terminal is for Dom0, which then ends
     * its guests in order. The limits, too, are set by a tool that then becomes the guest.
     */
    static List<String> of(DomainConfig config) {
        List<String> command = new ArrayList<>();
        if (Files.isExecutable(SETSID)) {
            command.add(SETSID.toString());
        }
        if (setsLimits()) {
            command.add(PRLIMIT.toString());
            command.add("--data=" + GuestLaunch.mostMemory(config));
            command.add("--nofile=" + GuestLaunch.OPEN_FILES);
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
        // An idle guest is idle: by default the JVM looks four times a second for monitors to deflate, and once for
        // tables to clean.
        command.add("-XX:+UnlockDiagnosticVMOptions");
        command.add("-XX:AsyncDeflationInterval=30000");
        command.add("-XX:ServiceThreadCleanupInterval=30000");
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
}
