// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.xenstored;

import java.lang.foreign.MemorySegment;

/**
 * A domain's xenstore page, and how to wake the domain.
 *
 * @param memory {@code struct xenstore_domain_interface}, 4096 bytes; stays accessible until the domain is released
 * @param signal signals the domain's event channel; quick, never blocks
 */
public record RingPage(MemorySegment memory, Runnable signal) {}
