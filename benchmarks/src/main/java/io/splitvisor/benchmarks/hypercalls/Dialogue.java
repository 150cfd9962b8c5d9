// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.hypercalls;

import io.splitvisor.benchmarks.Figure;
import io.splitvisor.benchmarks.GuestRun;
import io.splitvisor.dom0.config.DiskConfig;
import io.splitvisor.dom0.toolstack.ConsoleStream;
import io.splitvisor.dom0.toolstack.Toolstack;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Scanner;
import java.util.function.BiConsumer;

/**
 * A guest that measures when it is told to, over its console: so its turns alternate with those of others, which see the machine in
 * the same state.
 */
final class Dialogue implements AutoCloseable {
    private static final String DONE = "DONE";
    private static final String END = "end";

    private final Toolstack toolstack;
    private final int domid;
    private final ConsoleStream console;
    private final StringBuilder heard = new StringBuilder();
    private final byte[] buffer = new byte[1024];

    private Dialogue(Toolstack toolstack, int domid) {
        this.toolstack = toolstack;
        this.domid = domid;
        this.console = toolstack.console(domid);
    }

    static Dialogue start(Toolstack toolstack, String name, Class<?> guest, List<DiskConfig> disks) {
        return new Dialogue(toolstack, GuestRun.start(toolstack, name, guest, List.of(), disks));
    }

    /** The guest's side: hears commands of words until the last one, and measures. */
    static void follow(BiConsumer<String, Long> measure) {
        try (Scanner lines = new Scanner(System.in, StandardCharsets.UTF_8)) {
            while (lines.hasNextLine()) {
                String[] words = lines.nextLine().strip().split(" ", -1);
                if (words[0].equals(END)) {
                    return;
                }
                measure.accept(words[0], Long.parseLong(words[1]));
                System.out.println(DONE);
            }
        }
    }

    /** The guest's side: one more answer. */
    static void answer(String name, double value) {
        System.out.println(new Figure(name, value).line());
    }

    int domid() {
        return domid;
    }

    /** Has the guest measure, and waits for its answer. */
    Map<String, Double> ask(String command, long number) {
        write(command + " " + number);
        heard.setLength(0);
        int n = console.read(buffer, 0, buffer.length);
        while (n > 0) {
            heard.append(new String(buffer, 0, n, StandardCharsets.UTF_8));
            if (heard.indexOf(DONE) >= 0) {
                return Figure.findAll(heard.toString());
            }
            n = console.read(buffer, 0, buffer.length);
        }
        throw new IllegalStateException("the guest gave no figures; it said: " + heard);
    }

    /** The one figure that an answer has. */
    double figure(String command, long number) {
        return ask(command, number).values().iterator().next();
    }

    private void write(String line) {
        byte[] bytes = (line + "\n").getBytes(StandardCharsets.UTF_8);
        console.write(bytes, 0, bytes.length);
    }

    @Override
    public void close() {
        console.close();
        toolstack.destroy(domid);
    }
}
