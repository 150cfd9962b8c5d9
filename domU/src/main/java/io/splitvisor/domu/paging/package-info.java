// SPDX-License-Identifier: Apache-2.0
/**
 * Guest memory management: a page allocator, address spaces with demand paging, copy on write and swap, and access through
 * the MMU. The interface is the same in all paging modes; {@code TableUpdates} is where they differ.
 */
package io.splitvisor.domu.paging;
