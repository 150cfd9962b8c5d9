// SPDX-License-Identifier: Apache-2.0
/** The virtual processor's speed: hot loops beside QEMU's, and code that does not repeat much. */
package io.splitvisor.benchmarks.x86;
