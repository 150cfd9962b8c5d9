// SPDX-License-Identifier: Apache-2.0
/**
 * Event channels (xen/include/public/event_channel.h): operations, states, and their argument structures.
 */
package io.splitvisor.abi.evtchn;
