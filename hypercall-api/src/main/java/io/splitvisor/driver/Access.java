// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver;

/** What the back end does with a granted page, and so what the front end has to grant. */
public enum Access {
    /** The back end reads it: the front end grants it read-only. */
    BACKEND_READS,
    /** The back end writes it, and may read it. */
    BACKEND_WRITES,
    /** The request's operation decides; the driver says which of the two when it asks for the page. */
    BY_OPERATION
}
