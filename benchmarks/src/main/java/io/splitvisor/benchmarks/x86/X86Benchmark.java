// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.x86;

import io.splitvisor.benchmarks.TemporaryFolder;
import io.splitvisor.dom0.cli.Benchmark;
import io.splitvisor.dom0.management.Json;
import io.splitvisor.vcpu.Tiers;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * The virtual processor's speed. Seven kinds of hot loops in system mode with paging, the same image under QEMU's translator in the
 * same run; and the interpreter alone on code that does not repeat much.
 */
public final class X86Benchmark implements Benchmark {
    /** Enough for the JVM's compilers to be done with a loop. */
    private static final int ROUNDS = 24;

    private static final String FLAT = "interpreter alone, flat code";
    private static final int FLAT_BLOCKS = 24_000;
    private static final int FLAT_ROUNDS = 2000;
    private static final long SEED = 20261122;

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
        return Stream.concat(Arrays.stream(HotLoop.values()).map(HotLoop::title), Stream.of(FLAT))
                .toList();
    }

    @Override
    public int run(List<String> arguments, boolean json, PrintStream out) {
        try (TemporaryFolder folder = TemporaryFolder.create()) {
            Qemu qemu = Qemu.isThere() ? new Qemu(folder.path()) : null;
            List<Row> rows = new ArrayList<>();
            for (HotLoop loop : HotLoop.values()) {
                if (chosen(arguments, loop.title())) {
                    rows.add(measure(loop.title(), loop.text(), Tiers.TRANSLATING, ROUNDS, qemu));
                }
            }
            if (chosen(arguments, FLAT)) {
                String flat = new FlatCode(SEED).work(FLAT_BLOCKS);
                rows.add(measure(FLAT, flat, Tiers.INTERPRETER, FLAT_ROUNDS, null));
            }
            if (json) {
                out.print(Json.pretty(rows.stream().map(X86Benchmark::form).toList()));
            } else {
                table(out, rows, qemu != null);
            }
            return 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return 1;
        }
    }

    private static boolean chosen(List<String> arguments, String title) {
        return arguments.isEmpty() || arguments.stream().anyMatch(title::contains);
    }

    private static Row measure(String title, String text, Tiers tiers, int rounds, Qemu qemu)
            throws IOException, InterruptedException {
        OurProcessor ours = new OurProcessor(tiers);
        Rounds mine = ours.run(Image.of(text, rounds));
        double millions = ours.instructions() / 1e6;
        double qemuBest = Double.NaN;
        double qemuMedian = Double.NaN;
        if (qemu != null) {
            Rounds theirs = qemu.run(Image.of(text, rounds));
            if (!theirs.checksum().equals(mine.checksum())) {
                throw new IllegalStateException(
                        title + ": we compute " + mine.checksum() + ", QEMU " + theirs.checksum());
            }
            qemuBest = millions / theirs.best();
            qemuMedian = millions / theirs.median();
        }
        return new Row(
                title, ours.instructions(), millions / mine.best(), millions / mine.median(), qemuBest, qemuMedian);
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
