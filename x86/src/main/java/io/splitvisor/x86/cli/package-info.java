// SPDX-License-Identifier: Apache-2.0
/** {@code splitvisor x86}: programs on the virtual processor. */
package io.splitvisor.x86.cli;
