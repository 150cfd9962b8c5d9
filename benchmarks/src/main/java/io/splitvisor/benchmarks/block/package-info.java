// SPDX-License-Identifier: Apache-2.0
/** The block path of a guest in a process of its own, beside what reads the same file without it. */
package io.splitvisor.benchmarks.block;
