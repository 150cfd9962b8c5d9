// SPDX-License-Identifier: Apache-2.0
/**
 * A user-mode Linux for programs on the virtual processor: it loads them, answers their system calls with the host's, and
 * delivers their signals.
 */
package io.splitvisor.x86.linux;
