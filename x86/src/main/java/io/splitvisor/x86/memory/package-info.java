// SPDX-License-Identifier: Apache-2.0
/** A program's memory: page tables in guest RAM, and what is mapped where. */
package io.splitvisor.x86.memory;
