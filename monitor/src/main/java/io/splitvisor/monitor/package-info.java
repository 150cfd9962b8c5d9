// SPDX-License-Identifier: Apache-2.0
/** The hypervisor: which domains there are, what each owns, and what each may ask for. */
package io.splitvisor.monitor;
