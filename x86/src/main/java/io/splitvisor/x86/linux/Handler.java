// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.linux;

/** Answers a system call. */
@FunctionalInterface
interface Handler {
    /**
     * @param a the six argument registers
     * @return the result, or a negative errno; {@link Refused} may be thrown for one
     */
    long call(Task t, long[] a);
}
