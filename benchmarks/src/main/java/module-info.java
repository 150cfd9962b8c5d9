// SPDX-License-Identifier: Apache-2.0
/** Microbenchmarks, and runs side by side with peers. */
// The peers' jars are no modules, and need not be.
@SuppressWarnings("requires-automatic")
module io.splitvisor.benchmarks {
    requires io.splitvisor.dom0;
    requires io.splitvisor.domu;
    requires io.splitvisor.vcpu;
    requires com.lmax.disruptor;
    requires io.aeron.client;
    requires io.aeron.driver;
    requires jdk.management;
    requires org.agrona;
    requires tools.jackson.databind;

    // The guest's runtime finds it by name.
    exports io.splitvisor.benchmarks.block to
            io.splitvisor.domu;
    exports io.splitvisor.benchmarks.domains to
            io.splitvisor.domu;
    exports io.splitvisor.benchmarks.hypercalls to
            io.splitvisor.domu;
    exports io.splitvisor.benchmarks.paging to
            io.splitvisor.domu;

    uses io.splitvisor.dom0.toolstack.Dom0Launcher;

    provides io.splitvisor.dom0.cli.Benchmark with
            io.splitvisor.benchmarks.block.BlockBenchmark,
            io.splitvisor.benchmarks.domains.DomainBenchmark,
            io.splitvisor.benchmarks.driver.DriverBenchmark,
            io.splitvisor.benchmarks.hypercalls.HypercallBenchmark,
            io.splitvisor.benchmarks.paging.PagingBenchmark,
            io.splitvisor.benchmarks.ring.RingBenchmark,
            io.splitvisor.benchmarks.x86.X86Benchmark;
}
