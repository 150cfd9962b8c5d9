// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.cpu;

/** Whoever keeps and runs decoded code, told of what it cannot see itself. */
public interface CodeWatch {
    /**
     * A store is about to hit a watched page. Throws a restart if it rewrites the running block.
     *
     * @param offset in guest RAM
     * @param size bytes
     */
    void codeWrite(long offset, int size);

    /** An access is about to be one that traps afterwards. Throws a restart unless its instruction is running alone. */
    void aboutToTrap();
}
