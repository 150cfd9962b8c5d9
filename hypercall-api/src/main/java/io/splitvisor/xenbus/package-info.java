// SPDX-License-Identifier: Apache-2.0
/**
 * Xenbus: how the two ends of a split driver find each other and agree, through nodes in xenstore. The same on both sides.
 */
package io.splitvisor.xenbus;
