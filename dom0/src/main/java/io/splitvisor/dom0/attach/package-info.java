// SPDX-License-Identifier: Apache-2.0
/** Dom0's end of the attach socket (docs/attach-protocol.md). */
package io.splitvisor.dom0.attach;
