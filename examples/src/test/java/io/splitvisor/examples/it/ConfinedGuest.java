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

/** Prints what its process has beside its domain. */
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
        System.out.println("that is all");
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
