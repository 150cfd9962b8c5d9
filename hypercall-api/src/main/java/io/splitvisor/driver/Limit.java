// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver;

/**
 * Which values of a request's field are right. The back end's framework holds every copied request against the limits before
 * a driver sees it.
 *
 * @param smallest at least this; as the field's type orders its values
 * @param largest at most this
 */
public record Limit(Field.Scalar field, long smallest, long largest) {
    /** Whether no value keeps to it. */
    boolean isEmpty() {
        return (smallest ^ flip()) > (largest ^ flip());
    }

    /** What makes values comparable as signed ones, by exclusive or: 64 unsigned bits have none left for a sign. */
    long flip() {
        return field.largest() == -1 ? Long.MIN_VALUE : 0;
    }
}
