// SPDX-License-Identifier: Apache-2.0
/**
 * What a guest's MMU and the monitor share: the monitor memfd with the tables that the MMU walks, and the traps. This is
 * Splitvisor's own, not Xen's; the calls of registered page tables are Xen's, and stand in {@code io.splitvisor.abi}.
 */
package io.splitvisor.abi.paging;
