// SPDX-License-Identifier: Apache-2.0
/** Paging modes side by side: the same guest, with the same workloads, in domains that differ in their mode. */
package io.splitvisor.benchmarks.paging;
