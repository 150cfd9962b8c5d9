// SPDX-License-Identifier: Apache-2.0
/** The virtual processor. Knows no Xen and no devices. */
module io.splitvisor.vcpu {
    requires io.splitvisor.ring;

    exports io.splitvisor.vcpu;
    exports io.splitvisor.vcpu.disasm;
    exports io.splitvisor.vcpu.mmu;
}
