// SPDX-License-Identifier: Apache-2.0
/** How a guest's process gets hold of its domain; specified in docs/attach-protocol.md. */
package io.splitvisor.attach;
