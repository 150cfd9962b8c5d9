// SPDX-License-Identifier: Apache-2.0
/**
 * xenstored as a library: the tree, its permissions, transactions, watches and quotas, with the behaviour of Xen's C
 * xenstored. {@link io.splitvisor.dom0.xenstored.Xenstored} is the way in. One thread owns all state, so nothing here
 * locks; everything but {@code Xenstored}, the links and the transport runs on that thread only.
 */
package io.splitvisor.dom0.xenstored;
