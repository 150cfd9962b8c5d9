// SPDX-License-Identifier: Apache-2.0
/** Shares of the host's processors for guests, by the control groups of the host's kernel (cgroup v2). */
package io.splitvisor.dom0.cgroup;
