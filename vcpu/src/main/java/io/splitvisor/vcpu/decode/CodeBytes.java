// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.decode;

/** Where the decoder reads from. */
@FunctionalInterface
public interface CodeBytes {
    /**
     * A byte of code. May throw what the fetch of that byte raises.
     *
     * @param at its distance from the start of the block
     * @return 0 to 255
     */
    int at(int at);
}
