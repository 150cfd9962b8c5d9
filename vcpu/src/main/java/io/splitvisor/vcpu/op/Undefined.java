// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.cpu.Cpu;

/** #UD: UD2, and everything that is no instruction here. */
final class Undefined extends Op {
    @Override
    public void exec(Cpu c) {
        throw c.ud();
    }
}
