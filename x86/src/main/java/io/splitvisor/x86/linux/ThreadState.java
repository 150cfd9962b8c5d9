// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.linux;

import io.splitvisor.vcpu.Registers;
import io.splitvisor.vcpu.Vcpu;

/** Everything of a processor that belongs to the thread in ring 3. */
final class ThreadState {
    private static final int FS = 4;
    private static final int GS = 5;

    private ThreadState() {}

    static void copy(Vcpu from, Vcpu to) {
        Registers a = from.registers();
        Registers b = to.registers();
        for (int n = 0; n < 16; n++) {
            b.general(n, a.general(n));
        }
        b.floatState(a.floatState());
        b.rip(a.rip());
        b.rflags(a.rflags());
        b.segment(FS, a.segment(FS));
        b.segment(GS, a.segment(GS));
    }
}
