// SPDX-License-Identifier: Apache-2.0
/** Hypercalls and events of a guest in its own process, beside the same exchanges in C, Disruptor, Agrona and Aeron. */
package io.splitvisor.benchmarks.hypercalls;
