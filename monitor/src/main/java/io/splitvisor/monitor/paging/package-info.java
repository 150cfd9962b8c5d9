// SPDX-License-Identifier: Apache-2.0
/**
 * Memory virtualization, one class a mode: {@link io.splitvisor.monitor.paging.ShadowPaging}, {@link
 * io.splitvisor.monitor.paging.RegisteredPaging}, {@link io.splitvisor.monitor.paging.EptPaging}. What they build for an MMU
 * to walk lies in the monitor's memory.
 */
package io.splitvisor.monitor.paging;
