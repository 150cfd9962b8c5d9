// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.cpu;

/** Whoever keeps decoded code, told of stores to it. */
@FunctionalInterface
public interface CodeWatch {
    /**
     * A store is about to hit a watched page. Throws a restart if it rewrites the running block.
     *
     * @param offset in guest RAM
     * @param size bytes
     */
    void codeWrite(long offset, int size);
}
