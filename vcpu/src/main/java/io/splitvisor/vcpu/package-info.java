// SPDX-License-Identifier: Apache-2.0
/**
 * The virtual processor as its host sees it: {@link io.splitvisor.vcpu.Vcpu} runs guest code until something needs the
 * host, and says what in an {@link io.splitvisor.vcpu.Exit}.
 */
package io.splitvisor.vcpu;
