// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.cpu;

import io.splitvisor.vcpu.Clock;
import io.splitvisor.vcpu.Cpuid;
import io.splitvisor.vcpu.Interrupts;
import io.splitvisor.vcpu.mmu.GuestMemory;
import io.splitvisor.vcpu.mmu.Paging;

/**
 * What surrounds a processor.
 *
 * @param memory the memory in which the MMU finds its pages
 * @param paging how the MMU translates what its TLB misses
 * @param cpuid what CPUID answers
 * @param interrupts the interrupt controllers
 * @param clock where time comes from
 */
public record Environment(GuestMemory memory, Paging paging, Cpuid cpuid, Interrupts interrupts, Clock clock) {}
