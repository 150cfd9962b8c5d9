// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver;

/**
 * One kind of request.
 *
 * @param number the value of the operation field
 * @param name as traces and headers show it, such as {@code DISCARD}
 * @param request what a request of this kind looks like; the protocol's own structure unless it has an alternative
 */
public record Operation(long number, String name, Struct request) {
    @Override
    public String toString() {
        return name + " (" + number + ")";
    }
}
