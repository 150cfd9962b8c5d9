// SPDX-License-Identifier: Apache-2.0
/**
 * Where a virtual disk's bytes are: files, block devices, NBD servers. A store takes asynchronous requests whose data it
 * moves straight between the disk and the memory that the request names.
 */
package io.splitvisor.dom0.store;
