// SPDX-License-Identifier: Apache-2.0
/**
 * Drivers tested without a hypervisor. A {@link io.splitvisor.driver.testkit.Machine} holds the real xenstore, grants and event
 * channels, and does one thing at a time: every event, watch, task and turn of a loop is a step, and time passes when the
 * test, or a machine with nothing to do, says so.
 */
package io.splitvisor.driver.testkit;
