// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.decode.Insn;

/** Makes the operation of a decoded instruction. */
@FunctionalInterface
interface Lowering {
    Op lower(Insn i);
}
