// SPDX-License-Identifier: Apache-2.0
/**
 * A key-value device: guests put, get, delete and scan in batches, against a RocksDB in Dom0. A driver pair as a user would
 * make it, in a module of its own, with a library that Dom0 does not have.
 */
package io.splitvisor.examples.vkv;
