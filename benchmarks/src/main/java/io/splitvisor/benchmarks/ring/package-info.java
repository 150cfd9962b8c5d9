// SPDX-License-Identifier: Apache-2.0
/** The Xen ring between two processes, beside the same ring in C with Xen's own macros. */
package io.splitvisor.benchmarks.ring;
