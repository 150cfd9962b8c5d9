// SPDX-License-Identifier: Apache-2.0
/** What the monitor tells somebody who watches: hypercalls and events as they happen, to a sink of the watcher's. */
package io.splitvisor.monitor.trace;
