// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.hypercalls;

import io.splitvisor.benchmarks.GuestRun;
import io.splitvisor.dom0.config.DiskConfig;
import io.splitvisor.dom0.toolstack.Toolstack;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * How long another domain's reads take while one floods the monitor with hypercalls, and while a process that has nothing to do with
 * any of this uses one processor: what the kernel's scheduler makes of two processors is in both. The three cases take turns, so that
 * they see the machine in the same states, and each figure is the median of many short windows: one window in which somebody else had
 * the processor says nothing.
 */
final class Flood {
    private static final int DISK_BYTES = 16 << 20;
    private static final int WINDOWS = 15;
    private static final long READS = 300;
    private static final long WARM_UP_READS = 3000;

    private Flood() {}

    static Map<String, Double> measure(Toolstack toolstack, Path folder) throws IOException, InterruptedException {
        Path image = folder.resolve("disk.img");
        Files.write(image, new byte[DISK_BYTES]);
        DiskConfig disk = DiskConfig.parse(List.of(image + ",raw,xvda,r"), folder);
        try (Dialogue neighbour = Dialogue.start(toolstack, "neighbour", NeighbourGuest.class, List.of(disk))) {
            int flood = GuestRun.start(toolstack, "flood", FloodGuest.class, List.of(), List.of());
            neighbour.ask("reads", WARM_UP_READS);
            Turns turns = new Turns();
            for (int i = 0; i < WINDOWS; i++) {
                toolstack.pause(flood);
                window(neighbour, turns, "alone-");
                Process burner = new ProcessBuilder("sh", "-c", "while :; do :; done").start();
                try {
                    window(neighbour, turns, "burner-");
                } finally {
                    burner.destroyForcibly().waitFor();
                }
                toolstack.unpause(flood);
                flooded(toolstack, flood, neighbour, turns);
            }
            toolstack.destroy(flood);
            Map<String, Double> figures = turns.medians();
            figures.put("burner-p99-to-alone", turns.ratio("burner-block-p99-us", "alone-block-p99-us"));
            figures.put("flooded-p99-to-alone", turns.ratio("flooded-block-p99-us", "alone-block-p99-us"));
            figures.put("flooded-p99-to-burner", turns.ratio("flooded-block-p99-us", "burner-block-p99-us"));
            return figures;
        }
    }

    /** How much of a processor the flooder has, too: how well it is made to sleep. */
    private static void flooded(Toolstack toolstack, int flood, Dialogue neighbour, Turns turns) {
        long start = System.nanoTime();
        long used = toolstack.info(flood).cpuTimeNanos();
        window(neighbour, turns, "flooded-");
        used = toolstack.info(flood).cpuTimeNanos() - used;
        turns.add("flooder-processor-percent", 100.0 * used / (System.nanoTime() - start));
    }

    private static void window(Dialogue neighbour, Turns turns, String name) {
        neighbour.ask("reads", READS / 10);
        neighbour.ask("reads", READS).forEach((figure, value) -> turns.add(name + figure, value));
    }
}
