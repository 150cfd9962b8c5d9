// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.paging;

import io.splitvisor.benchmarks.Figure;
import io.splitvisor.domu.Guest;
import io.splitvisor.domu.GuestDomain;
import io.splitvisor.domu.paging.AddressSpaces;
import io.splitvisor.domu.paging.MmuReport;
import io.splitvisor.domu.paging.PagingOptions;
import io.splitvisor.domu.paging.Processor;
import io.splitvisor.domu.paging.ShootdownBy;
import io.splitvisor.hypercall.HypercallWait;
import java.util.Arrays;

/**
 * Runs workloads, named by its arguments, and prints what an operation of each costs: nanoseconds, requests to the monitor,
 * and references to memory in page walks. With the argument {@code eager}, changes of tables are not collected.
 */
public final class PagingGuest implements Guest {
    private static final int PAGES = 12_288;
    private static final int TURNS = 5;
    private static final long TURN_NANOS = 150_000_000;
    private static final long WARM_UP_NANOS = 100_000_000;

    /** Turns in a row without a new best one after which code is as fast as it gets, and the most turns to wait for that. */
    private static final int STEADY = 6;

    private static final int MOST_WARM_UPS = 40;

    @Override
    public void run(GuestDomain domain) {
        boolean lazy = !domain.arguments().contains("eager");
        AddressSpaces spaces =
                domain.addressSpaces(new PagingOptions(PAGES, lazy, HypercallWait.ADAPTIVE, ShootdownBy.INTERRUPT));
        Processor cpu = spaces.processor(0);
        for (Workload workload : Workload.values()) {
            if (domain.arguments().contains(workload.word())) {
                measure(spaces, cpu, workload);
            }
        }
    }

    private static void measure(AddressSpaces spaces, Processor cpu, Workload workload) {
        Workload.Round round = workload.prepare(spaces, cpu);
        warmUp(round);
        double[] nanos = new double[TURNS];
        for (int i = 0; i < TURNS; i++) {
            nanos[i] = turn(round, TURN_NANOS);
        }
        Arrays.sort(nanos);
        print(workload, "ns", nanos[TURNS / 2]);
        MmuReport report = cpu.report();
        long asked = spaces.requests();
        long references = report.references();
        long operations = 0;
        for (int i = 0; i < 4; i++) {
            operations += round.run();
        }
        print(workload, "requests", (double) (spaces.requests() - asked) / operations);
        print(workload, "references", (double) (report.references() - references) / operations);
        round.end();
    }

    private static void print(Workload workload, String what, double value) {
        System.out.println(new Figure(workload.word() + "-" + what, value).line());
    }

    /** What traps is slow for as long as two JVMs compile it on the same processors as the two threads that wait for each other. */
    private static void warmUp(Workload.Round round) {
        double best = Double.MAX_VALUE;
        for (int i = 0, steady = 0; i < MOST_WARM_UPS && steady < STEADY; i++, steady++) {
            double nanos = turn(round, WARM_UP_NANOS);
            if (nanos < 0.9 * best) {
                best = nanos;
                steady = 0;
            }
        }
    }

    /** Nanoseconds an operation. */
    private static double turn(Workload.Round round, long atLeast) {
        long begin = System.nanoTime();
        long now = begin;
        long operations = 0;
        while (now - begin < atLeast) {
            operations += round.run();
            now = System.nanoTime();
        }
        return (double) (now - begin) / operations;
    }
}
