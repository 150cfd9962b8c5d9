// SPDX-License-Identifier: Apache-2.0
/** What the servers at Dom0's edges share of Netty. */
package io.splitvisor.dom0.netty;
