// SPDX-License-Identifier: Apache-2.0
/** A domain's guest-physical memory, and the one way in which the monitor reads and writes it for a guest. */
package io.splitvisor.monitor.memory;
