// SPDX-License-Identifier: Apache-2.0
/** The monitor's structures that are read without a lock, between threads. */
package io.splitvisor.stress.monitor;
