// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.x86;

import io.splitvisor.benchmarks.TemporaryFolder;
import io.splitvisor.dom0.cli.Benchmark;
import io.splitvisor.dom0.management.Json;
import io.splitvisor.vcpu.Tiers;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * The virtual processor's speed. Seven kinds of hot loops in system mode with paging, the same image under QEMU's translator in the
 * same run; the interpreter alone on code that does not repeat much; and a load like a kernel's start, cold.
 */
public final class X86Benchmark implements Benchmark {
    /** Enough for the JVM's compilers to be done with a loop. */
    private static final int ROUNDS = 24;

    private static final String FLAT = "interpreter alone, flat code";
    private static final String KERNEL = "interpreter alone, a kernel's mix";
    private static final String BOOT = "boot-shaped load";
    private static final int FLAT_BLOCKS = 24_000;
    private static final int FLAT_ROUNDS = 2000;
    private static final long SEED = 20261122;
    /** The first is cold. */
    private static final int BOOT_ROUNDS = 2;

    /**
     * One line of the table, in millions of instructions a second.
     *
     * @param best of all rounds
     * @param median of the warm rounds
     * @param qemuBest of QEMU's rounds, or NaN
     * @param qemuMedian of QEMU's warm rounds, or NaN
     */
    private record Row(String loop, long instructions, double best, double median, double qemuBest, double qemuMedian) {
        double ratio() {
            return median / qemuMedian;
        }
    }

    @Override
    public String name() {
        return "x86";
    }

    @Override
    public String summary() {
        return "the virtual x86 processor, hot loops beside QEMU's";
    }

    @Override
    public List<String> parts() {
        return Stream.concat(Arrays.stream(HotLoop.values()).map(HotLoop::title), Stream.of(FLAT, KERNEL, BOOT))
                .toList();
    }

    @Override
    public int run(List<String> arguments, boolean json, PrintStream out) throws IOException, InterruptedException {
        try (TemporaryFolder folder = TemporaryFolder.create()) {
            Qemu qemu = Qemu.isThere() ? new Qemu(folder.path()) : null;
            List<Row> rows = new ArrayList<>();
            for (HotLoop loop : HotLoop.values()) {
                if (Benchmark.chosen(arguments, loop.title())) {
                    rows.add(measure(loop.title(), loop.text(), Tiers.TRANSLATING, ROUNDS, qemu));
                }
            }
            if (Benchmark.chosen(arguments, FLAT)) {
                String flat = new FlatCode(SEED).work(FLAT_BLOCKS);
                rows.add(measure(FLAT, flat, Tiers.INTERPRETER, FLAT_ROUNDS, null));
            }
            if (Benchmark.chosen(arguments, KERNEL)) {
                String flat = FlatCode.kernel(SEED).work(FLAT_BLOCKS);
                rows.add(measure(KERNEL, flat, Tiers.INTERPRETER, FLAT_ROUNDS, null));
            }
            Boot boot = Benchmark.chosen(arguments, BOOT) ? boot(qemu) : null;
            if (json) {
                List<Object> all =
                        new ArrayList<>(rows.stream().map(X86Benchmark::form).toList());
                if (boot != null) {
                    all.add(form(boot));
                }
                out.print(Json.pretty(all));
            } else {
                table(out, rows, qemu != null);
                if (boot != null) {
                    line(out, boot);
                }
            }
            return 0;
        }
    }

    private static Row measure(String title, String text, Tiers tiers, int rounds, Qemu qemu)
            throws IOException, InterruptedException {
        OurProcessor ours = new OurProcessor(tiers);
        byte[] image = Image.of(text, rounds);
        Rounds mine = ours.run(image);
        double millions = ours.instructions() / 1e6;
        Rounds theirs = qemu == null ? null : qemu.run(image).mustAgree(title, mine);
        return new Row(
                title,
                ours.instructions(),
                millions / mine.best(),
                millions / mine.median(),
                theirs == null ? Double.NaN : millions / theirs.best(),
                theirs == null ? Double.NaN : millions / theirs.median());
    }

    /**
     * The load like a kernel's start.
     *
     * @param instructions of a round
     * @param ours our rounds, the first cold
     * @param qemu QEMU's, or null
     */
    private record Boot(long instructions, Rounds ours, Rounds qemu) {}

    private static Boot boot(Qemu qemu) throws IOException, InterruptedException {
        byte[] image = Image.of(new BootLoad(SEED).work(), BOOT_ROUNDS);
        OurProcessor ours = new OurProcessor(Tiers.TRANSLATING);
        Rounds mine = ours.run(image);
        return new Boot(
                ours.instructions(), mine, qemu == null ? null : qemu.run(image).mustAgree("boot", mine));
    }

    private static Object form(Boot boot) {
        return Json.object(
                "loop",
                BOOT,
                "instructions",
                boot.instructions,
                "seconds_cold",
                boot.ours.first(),
                "seconds_warm",
                boot.ours.best(),
                "qemu_seconds_cold",
                boot.qemu == null ? null : boot.qemu.first(),
                "qemu_seconds_warm",
                boot.qemu == null ? null : boot.qemu.best());
    }

    private static void line(PrintStream out, Boot boot) {
        out.printf(
                Locale.ROOT,
                "boot-shaped load, %.2f G instructions: %.2f s cold, %.2f s again",
                boot.instructions / 1e9,
                boot.ours.first(),
                boot.ours.best());
        if (boot.qemu != null) {
            out.printf(
                    Locale.ROOT,
                    "; QEMU %.2f s, %.2f s; cold %.2f times QEMU's time",
                    boot.qemu.first(),
                    boot.qemu.best(),
                    boot.ours.first() / boot.qemu.first());
        }
        out.println();
    }

    private static Object form(Row row) {
        return Json.object(
                "loop", row.loop,
                "instructions", row.instructions,
                "mips", row.median,
                "mips_best", row.best,
                "qemu_mips", orNull(row.qemuMedian),
                "qemu_mips_best", orNull(row.qemuBest),
                "ratio", orNull(row.ratio()));
    }

    private static Double orNull(double value) {
        return Double.isNaN(value) ? null : value;
    }

    private static void table(PrintStream out, List<Row> rows, boolean qemu) {
        if (rows.isEmpty()) {
            return;
        }
        out.println("Millions of instructions a second; medians of warm rounds, and best rounds");
        out.printf("%-30s %8s %8s %10s %8s %7s%n", "loop", "ours", "best", "QEMU TCG", "best", "ratio");
        double product = 1;
        int compared = 0;
        for (Row row : rows) {
            out.printf(Locale.ROOT, "%-30s %8.0f %8.0f", row.loop, row.median, row.best);
            if (Double.isNaN(row.ratio())) {
                out.println();
                continue;
            }
            out.printf(Locale.ROOT, " %10.0f %8.0f %7.2f%n", row.qemuMedian, row.qemuBest, row.ratio());
            product *= row.ratio();
            compared++;
        }
        if (compared > 1) {
            out.printf(Locale.ROOT, "%-30s %44.2f%n", "geometric mean", Math.pow(product, 1.0 / compared));
        }
        if (!qemu) {
            out.println("QEMU is left out, because there is no " + Qemu.PROGRAM);
        }
    }
}
