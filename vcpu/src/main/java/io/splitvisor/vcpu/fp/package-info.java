// SPDX-License-Identifier: Apache-2.0
/**
 * Floating point of SSE and x87: IEEE 754 arithmetic in every format, rounding mode and precision, with exception flags.
 *
 * <p>Numbers are taken apart ({@link io.splitvisor.vcpu.fp.Unpacked}), computed exactly and rounded once ({@link
 * io.splitvisor.vcpu.fp.Arithmetic}); {@link io.splitvisor.vcpu.fp.Sse} and {@link io.splitvisor.vcpu.fp.X87} add what the
 * two units do differently.
 */
package io.splitvisor.vcpu.fp;
