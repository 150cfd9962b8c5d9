// SPDX-License-Identifier: Apache-2.0
/** What a guest is made of: attaching, front ends, and the interface that a JVM guest implements. */
module io.splitvisor.domu {
    requires transitive io.splitvisor.hypercall;
}
