// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.cpu;

import io.splitvisor.vcpu.Clock;
import io.splitvisor.vcpu.Cpuid;
import io.splitvisor.vcpu.Interrupts;
import io.splitvisor.vcpu.mmu.GuestMemory;

/**
 * What surrounds a processor.
 *
 * @param memory guest-physical memory
 * @param cpuid what CPUID answers
 * @param interrupts the interrupt controllers
 * @param clock where time comes from
 */
public record Environment(GuestMemory memory, Cpuid cpuid, Interrupts interrupts, Clock clock) {}
