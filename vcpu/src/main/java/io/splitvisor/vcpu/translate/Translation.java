// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.translate;

/**
 * A region that can be run.
 *
 * @param code the generated class's only instance
 * @param exits what its result means
 * @param usesVectors whether it may run only where SSE is enabled
 */
public record Translation(RegionCode code, Exits exits, boolean usesVectors) {}
