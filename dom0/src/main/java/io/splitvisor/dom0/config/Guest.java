// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.config;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** What a domain runs. */
public sealed interface Guest {
    /** The word in {@code type = "..."}. */
    String type();

    /** The file that {@code kernel} names. */
    Optional<Path> kernel();

    /**
     * A class that implements the guest interface, in a JVM of its own.
     *
     * @param kernel the jar; may be absent where a path below has it
     * @param mainClass the class; a configuration file always names it
     * @param modulePath more jars and folders with modules
     * @param classPath more jars and folders with classes
     * @param jvmArgs options for the JVM
     */
    record Jvm(
            Optional<Path> kernel,
            Optional<String> mainClass,
            List<Path> modulePath,
            List<Path> classPath,
            List<String> jvmArgs)
            implements Guest {
        /** Checks that there is something to run. */
        public Jvm {
            modulePath = List.copyOf(modulePath);
            classPath = List.copyOf(classPath);
            jvmArgs = List.copyOf(jvmArgs);
            if (kernel.isEmpty() && modulePath.isEmpty() && classPath.isEmpty()) {
                throw new IllegalArgumentException("a JVM guest without a jar");
            }
        }

        @Override
        public String type() {
            return "jvm";
        }
    }

    /**
     * A program that speaks the attach protocol.
     *
     * @param program the program
     */
    record Exec(Path program) implements Guest {
        /** Checks that there is a program. */
        public Exec {
            Objects.requireNonNull(program, "program");
        }

        @Override
        public String type() {
            return "exec";
        }

        @Override
        public Optional<Path> kernel() {
            return Optional.of(program);
        }
    }
}
