// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.store;

/**
 * What a store looks like.
 *
 * @param sectors size in units of 512 bytes, whatever the sector size
 * @param sectorSize the smallest unit of a transfer in bytes: a power of two from 512 to 4096
 * @param physicalSectorSize the unit below which a write is a read and a write, in bytes
 * @param readOnly whether writes and discards are refused
 * @param flush whether {@link StoreRequest.Operation#FLUSH} can be kept
 * @param discard whether {@link StoreRequest.Operation#DISCARD} does anything
 */
public record StoreGeometry(
        long sectors, int sectorSize, int physicalSectorSize, boolean readOnly, boolean flush, boolean discard) {
    /** Bytes of the unit that sizes and sector numbers count in, on every disk. */
    public static final int SECTOR = 512;

    /** Checks the ranges. */
    public StoreGeometry {
        boolean power = Integer.bitCount(sectorSize) == 1 && sectorSize >= SECTOR && sectorSize <= 4096;
        if (!power) {
            throw new IllegalArgumentException("sector size " + sectorSize + " is no power of two from 512 to 4096");
        }
        if (sectors <= 0 || sectors > Long.MAX_VALUE / SECTOR) {
            throw new IllegalArgumentException("size of " + sectors + " sectors is out of range");
        }
    }

    /** Size in bytes. */
    public long bytes() {
        return sectors * SECTOR;
    }
}
