// SPDX-License-Identifier: Apache-2.0
/**
 * System time and what comes at a time: each vCPU's clock, its timers, a domain's watchdogs. System time is the host's
 * CLOCK_MONOTONIC, in nanoseconds; the process around the monitor provides it, and calls when a time has come.
 */
package io.splitvisor.monitor.time;
