// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.backend;

/**
 * The back end's side of a connection that exchanges bytes. A front end whose indices are impossible gives nothing and takes
 * nothing until it has put them right.
 */
public interface ByteLine {
    /**
     * Takes bytes from the front end. In {@link ByteDevice#ready} only.
     *
     * @return how many, maybe 0
     */
    int read(byte[] target, int offset, int length);

    /**
     * Gives bytes to the front end. In {@link ByteDevice#ready} only.
     *
     * @return for how many there was room, maybe 0
     */
    int write(byte[] source, int offset, int length);

    /** Has {@link ByteDevice#ready} called soon, because there is something to write, or room for what can be read. Any thread. */
    void wake();
}
