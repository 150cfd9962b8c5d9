// SPDX-License-Identifier: Apache-2.0
/** A small log-structured key-value store on a guest's disk, and the guest that serves it on its console. */
package io.splitvisor.examples.kv;
