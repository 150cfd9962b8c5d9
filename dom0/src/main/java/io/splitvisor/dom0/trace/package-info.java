// SPDX-License-Identifier: Apache-2.0
/**
 * Traces of hypercalls and events, in the format of Xen's xentrace (docs/trace.md): the way into a file, and back out of it.
 */
package io.splitvisor.dom0.trace;
