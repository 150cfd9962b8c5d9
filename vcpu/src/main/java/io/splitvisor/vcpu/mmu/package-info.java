// SPDX-License-Identifier: Apache-2.0
/**
 * The memory management unit: page-table walks, a translation look-aside buffer of a fixed shape that generated code can
 * look up by itself, and typed access to guest memory through it. It serves the processor of this module and guests
 * that are Java classes.
 */
package io.splitvisor.vcpu.mmu;
