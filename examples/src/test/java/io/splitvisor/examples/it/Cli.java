// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.it;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The command line in a process of its own, from this test's class path. */
final class Cli {
    private Cli() {}

    /** The command that types these words, for a Dom0 in this run folder. */
    static List<String> command(Path runDir, String... words) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                "io.splitvisor.dom0.cli.Main",
                "--run-dir",
                runDir.toString()));
        command.addAll(List.of(words));
        return command;
    }

    /** A configuration of a JVM guest whose class is on this test's class path. */
    static String config(String name, Class<?> main, String arguments, Path folder, String disk) {
        return """
                name     = "%s"
                type     = "jvm"
                jvm_main = "%s"
                jvm_class_path = [ "%s" ]
                memory   = 32
                extra    = "%s"
                disk     = [ "%s" ]
                """.formatted(name, main.getName(), folder, arguments, disk);
    }
}
