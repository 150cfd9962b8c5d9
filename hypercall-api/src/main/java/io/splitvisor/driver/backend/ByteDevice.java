// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.backend;

/**
 * A device that exchanges bytes with its front end. The rings in the shared page are all the memory there is: what a device
 * does not take stays in the ring, and its front end waits when that is full.
 */
public non-sealed interface ByteDevice extends ServedDevice {
    /**
     * Bytes may have come, or room, or {@link ByteLine#wake} was called: moves what it can and wants to, as much as is good
     * for one turn. Called again as long as it moves something. Called by the thread that {@link #threads} chose, which
     * nothing may keep for long, and by no other. One that throws ends the connection with an error, and nothing but this
     * device notices. Called a last time when the connection ends.
     *
     * @param line where the bytes are; the same for the whole connection
     */
    void ready(ByteLine line);
}
