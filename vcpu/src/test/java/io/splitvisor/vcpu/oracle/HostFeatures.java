// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.oracle;

import io.splitvisor.vcpu.decode.Feature;
import io.splitvisor.vcpu.decode.Row;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Which of the younger instructions the processor has that the tests run on; without a kernel that says so, all of them. */
final class HostFeatures {
    private static final Path CPUINFO = Path.of("/proc/cpuinfo");
    private static final Map<Feature, String> FLAGS =
            Map.of(Feature.AES, "aes", Feature.PCLMULQDQ, "pclmulqdq", Feature.SHA, "sha_ni");

    private static final Set<Feature> MISSING = missing();

    private HostFeatures() {}

    /** Whether an instruction is undefined on this host. */
    static boolean lacks(Row row) {
        return MISSING.contains(row.feature());
    }

    private static Set<Feature> missing() {
        Set<Feature> missing = EnumSet.noneOf(Feature.class);
        try {
            List<String> flags = Files.readAllLines(CPUINFO).stream()
                    .filter(line -> line.startsWith("flags"))
                    .findFirst()
                    .map(line -> List.of(line.split("\\s+", -1)))
                    .orElse(List.copyOf(FLAGS.values()));
            FLAGS.forEach((feature, flag) -> {
                if (!flags.contains(flag)) {
                    missing.add(feature);
                }
            });
        } catch (IOException e) {
            System.out.println("oracle: this host does not say what its processor has: " + e.getMessage());
        }
        return missing;
    }
}
