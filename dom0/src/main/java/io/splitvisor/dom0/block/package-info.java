// SPDX-License-Identifier: Apache-2.0
/**
 * The block back end: Xen's blkif served from a {@link io.splitvisor.dom0.store.BlockStore}. {@link
 * io.splitvisor.dom0.block.BlockBackend} is what the toolstack uses.
 */
package io.splitvisor.dom0.block;
