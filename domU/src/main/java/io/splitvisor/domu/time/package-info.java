// SPDX-License-Identifier: Apache-2.0
/** System time and the wall clock, read without a hypercall. */
package io.splitvisor.domu.time;
