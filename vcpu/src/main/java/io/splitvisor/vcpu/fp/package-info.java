// SPDX-License-Identifier: Apache-2.0
/**
 * Floating point as SSE defines it: IEEE 754 arithmetic in every rounding mode, with exception flags. The host's arithmetic
 * rounds to nearest and raises no flags; the sign of its error tells the rest.
 */
package io.splitvisor.vcpu.fp;
