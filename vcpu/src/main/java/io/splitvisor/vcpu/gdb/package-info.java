// SPDX-License-Identifier: Apache-2.0
/** gdb's remote protocol for a processor, on a Unix socket. */
package io.splitvisor.vcpu.gdb;
