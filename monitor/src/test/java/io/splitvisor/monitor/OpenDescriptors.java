// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** Counts the descriptors of this process that domains are made of: memfds, eventfds and pipes. */
public final class OpenDescriptors {
    private OpenDescriptors() {}

    /** How many are open now. */
    public static int count() {
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
            return (int) descriptors.filter(OpenDescriptors::isOfDomain).count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean isOfDomain(Path descriptor) {
        try {
            String target = Files.readSymbolicLink(descriptor).toString();
            return target.startsWith("/memfd:splitvisor")
                    || target.equals("anon_inode:[eventfd]")
                    || target.startsWith("pipe:");
        } catch (IOException e) {
            // Closed since it was listed: the listing's own descriptor, for one.
            return false;
        }
    }
}
