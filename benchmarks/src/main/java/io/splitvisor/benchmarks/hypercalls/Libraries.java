// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.hypercalls;

import io.splitvisor.benchmarks.Figure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Libraries that carry messages between threads, measured in a process of their own: two Disruptors, Agrona's rings, Aeron
 * IPC with its driver embedded. Prints a {@link Figure} a line.
 */
final class Libraries {
    private static final int TURNS = 5;
    private static final long WARM_UP_NANOS = 1_500_000_000L;
    private static final long NANOS = 500_000_000L;

    private Libraries() {}

    /** One library. */
    interface Peer extends AutoCloseable {
        /** Goes on for about this long, and answers the figure. */
        double measure(long nanos);

        @Override
        void close();
    }

    static Map<String, Double> measure() throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:-UsePerfData",
                // Agrona takes buffers apart in ways that the JDK does not offer.
                "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                Libraries.class.getName()));
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException("the libraries could not be measured: " + output);
        }
        return Figure.findAll(output);
    }

    public static void main(String[] args) {
        print("disruptor-round-trip-ns", new DisruptorPeer());
        print("agrona-batched-per-second", new AgronaPeer());
        print("aeron-round-trip-ns", new AeronPeer());
    }

    private static void print(String name, Peer peer) {
        try (peer) {
            peer.measure(WARM_UP_NANOS);
            double[] turns = new double[TURNS];
            for (int i = 0; i < TURNS; i++) {
                turns[i] = peer.measure(NANOS);
            }
            Arrays.sort(turns);
            System.out.println(new Figure(name, turns[TURNS / 2]).line());
        }
    }
}
