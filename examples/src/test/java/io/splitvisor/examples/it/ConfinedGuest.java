// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.it;

import io.splitvisor.domu.Guest;
import io.splitvisor.domu.GuestDomain;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;

/** Prints what its process has beside its domain; its arguments are a process and a folder that are none of its business. */
public final class ConfinedGuest implements Guest {
    @Override
    public void run(GuestDomain domain) throws IOException {
        System.out.println("environment " + new TreeSet<>(System.getenv().keySet()));
        System.out.println("folder " + Path.of("").toAbsolutePath());
        System.out.println("descriptors " + descriptors());
        for (String line : Files.readAllLines(Path.of("/proc/self/limits"))) {
            if (line.startsWith("Max data size") || line.startsWith("Max open files")) {
                System.out.println(line);
            }
        }
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith("NoNewPrivs")) {
                System.out.println(line.replace('\t', ' '));
            }
        }
        if (domain.arguments().size() == 2) {
            reachOut(domain.arguments().get(0), Path.of(domain.arguments().get(1)));
        }
        System.out.println("that is all");
    }

    private static void reachOut(String pid, Path folder) throws IOException {
        for (String signal : List.of("-0", "-CONT", "-STOP", "-KILL")) {
            System.out.println("kill " + signal + " gave " + status("kill", signal, pid));
        }
        System.out.println("kill of a child gave " + status("sh", "-c", "sleep 60 & kill -KILL $!"));
        try {
            Files.writeString(folder.resolve("mine"), "x");
            System.out.println("wrote elsewhere");
        } catch (IOException e) {
            System.out.println("did not write elsewhere");
        }
        Files.writeString(Path.of("mine"), "x");
        System.out.println("wrote here");
    }

    private static int status(String... command) throws IOException {
        try {
            return new ProcessBuilder(command)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start()
                    .waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return -1;
        }
    }

    private static List<String> descriptors() throws IOException {
        List<String> result = new ArrayList<>();
        try (Stream<Path> links = Files.list(Path.of("/proc/self/fd"))) {
            for (Path link : links.toList()) {
                if (Files.exists(link, java.nio.file.LinkOption.NOFOLLOW_LINKS)) {
                    result.add(Files.readSymbolicLink(link).toString());
                }
            }
        }
        return result;
    }
}
