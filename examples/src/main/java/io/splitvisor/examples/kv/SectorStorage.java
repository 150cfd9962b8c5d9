// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.kv;

/** A disk, as the store needs it: whole sectors of 512 bytes. */
interface SectorStorage {
    /** Bytes in a sector. */
    int SECTOR = 512;

    /** Size in sectors. */
    long sectors();

    /** Fills the buffer, a multiple of a sector, from this sector on. */
    void read(long sector, byte[] buffer);

    /** Writes the buffer, a multiple of a sector. */
    void write(long sector, byte[] buffer);

    /** Returns when everything written before is durable. */
    void flush();
}
