// SPDX-License-Identifier: Apache-2.0
/** Event channels: Xen's one-bit notifications between domains (xen/include/public/event_channel.h). */
package io.splitvisor.monitor.evtchn;
