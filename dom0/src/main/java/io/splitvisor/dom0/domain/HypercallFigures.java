// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.domain;

import io.splitvisor.dom0.toolstack.HypercallInfo;
import io.splitvisor.dom0.toolstack.HypercallInfo.Batch;
import io.splitvisor.dom0.toolstack.HypercallInfo.Bell;
import io.splitvisor.dom0.toolstack.HypercallInfo.Operation;
import io.splitvisor.hypercall.HypercallOp;
import io.splitvisor.monitor.Domain;
import io.splitvisor.monitor.hypercall.HypercallRing;
import io.splitvisor.monitor.hypercall.HypercallStatistics;
import io.splitvisor.monitor.hypercall.LatencyHistogram;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** Sums up what the hypercall rings of a domain have counted. */
final class HypercallFigures {
    private static final HypercallOp[] OPERATIONS = HypercallOp.values();

    private HypercallFigures() {}

    static HypercallInfo of(Domain domain, String name, List<HypercallRing> rings) {
        HypercallStatistics all = new HypercallStatistics();
        rings.forEach(ring -> all.add(ring.statistics()));
        int send = HypercallOp.EVTCHNOP_SEND.ordinal();
        long received = domain.eventsReceived();
        long rungForGuest = IntStream.range(0, domain.vcpus())
                .mapToLong(vcpu -> domain.vcpu(vcpu).bell().rung())
                .sum();
        return new HypercallInfo(
                domain.domid(),
                name,
                domain.vcpus(),
                operations(all),
                all.turns(),
                all.preemptions(),
                batches(all),
                bell(domain.bellToDom0().signals(), all.total()),
                bell(rungForGuest, all.publications() + received),
                all.calls(send) - all.errors(send),
                received);
    }

    private static Bell bell(long rung, long occasions) {
        return rung < 0 ? new Bell(-1, -1) : new Bell(rung, Math.max(0, occasions - rung));
    }

    private static List<Operation> operations(HypercallStatistics all) {
        List<Operation> result = new ArrayList<>();
        IntStream.range(0, HypercallStatistics.UNKNOWN)
                .boxed()
                .sorted(Comparator.comparing((Integer row) -> OPERATIONS[row].number())
                        .thenComparing(row -> OPERATIONS[row].command()))
                .forEach(row -> add(result, OPERATIONS[row].xenName(), all, row));
        add(result, "unknown", all, HypercallStatistics.UNKNOWN);
        return result;
    }

    private static void add(List<Operation> result, String name, HypercallStatistics all, int row) {
        if (all.calls(row) == 0) {
            return;
        }
        LatencyHistogram latency = all.latency(row);
        result.add(
                latency == null
                        ? new Operation(name, all.calls(row), all.errors(row), 0, 0, 0, 0)
                        : new Operation(
                                name,
                                all.calls(row),
                                all.errors(row),
                                latency.total(),
                                latency.percentile(0.5),
                                latency.percentile(0.99),
                                latency.max()));
    }

    private static List<Batch> batches(HypercallStatistics all) {
        List<Batch> result = new ArrayList<>();
        for (int i = 0; i < HypercallStatistics.BATCH_SIZES; i++) {
            result.add(new Batch(i == 0 ? 1 : (1 << i - 1) + 1, 1 << i, all.batches(i)));
        }
        return result;
    }
}
