// SPDX-License-Identifier: Apache-2.0
/** Programs for Linux on the virtual processor, and the tools around it. */
module io.splitvisor.x86 {
    requires io.splitvisor.ring;
    requires io.splitvisor.vcpu;

    exports io.splitvisor.x86.cli;
}
