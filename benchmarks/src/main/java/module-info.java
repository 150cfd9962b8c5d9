// SPDX-License-Identifier: Apache-2.0
/** Microbenchmarks, and runs side by side with peers. */
module io.splitvisor.benchmarks {
    requires io.splitvisor.dom0;
    requires io.splitvisor.domu;
}
