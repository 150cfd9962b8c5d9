// SPDX-License-Identifier: Apache-2.0
/** From bytes to instructions, by tables: one row says how an instruction is encoded, named and checked. */
package io.splitvisor.vcpu.decode;
