// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.backend;

/** Which thread serves a device's requests. */
public enum Threads {
    /**
     * The front-end domain's I/O loop: no hop, and nothing may block, because the domain's other devices and its hypercalls
     * wait meanwhile.
     */
    LOOP,

    /** A thread of the device's own: one hop more, and only the device's own requests wait for it. */
    OWN
}
