// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.block;

import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.io.Blkif;
import io.splitvisor.xenbus.XenbusException;
import io.splitvisor.xenbus.XenbusNode;

/**
 * What the back end says about a disk once it is connected.
 *
 * @param sectors size in units of 512 bytes
 * @param sectorSize the smallest transfer in bytes
 * @param physicalSectorSize the smallest transfer that is not slow
 * @param readOnly whether writing is refused
 * @param flush whether flushes are offered
 * @param barrier whether barriers are offered
 * @param discard whether discards are offered
 * @param persistent whether the back end keeps mappings
 * @param maxIndirectSegments segments of an indirect request; 0 if there are none
 */
public record BlockFeatures(
        long sectors,
        int sectorSize,
        int physicalSectorSize,
        boolean readOnly,
        boolean flush,
        boolean barrier,
        boolean discard,
        boolean persistent,
        int maxIndirectSegments) {
    private static final long MOST_SECTORS = Long.MAX_VALUE / 512;
    private static final int MOST_SEGMENTS = 512;

    static BlockFeatures read(XenbusNode backend, BlockSettings settings) {
        int sectorSize = backend.readUnsigned("sector-size", 512);
        if (Integer.bitCount(sectorSize) != 1 || sectorSize < 512 || sectorSize > 4096) {
            throw new XenbusException(XenErrno.EINVAL, "the back end's sector size makes no sense");
        }
        boolean persistent = settings.persistent() && backend.readUnsigned("feature-persistent", 0) != 0;
        int indirect = settings.indirect() ? backend.readUnsigned("feature-max-indirect-segments", 0) : 0;
        return new BlockFeatures(
                sectors(backend),
                sectorSize,
                backend.readUnsigned("physical-sector-size", sectorSize),
                (backend.readUnsigned("info", 0) & Blkif.VDISK_READONLY) != 0,
                backend.readUnsigned("feature-flush-cache", 0) != 0,
                backend.readUnsigned("feature-barrier", 0) != 0,
                backend.readUnsigned("feature-discard", 0) != 0,
                persistent,
                // One page of segments is what a request uses.
                Math.min(indirect & Integer.MAX_VALUE, MOST_SEGMENTS));
    }

    private static long sectors(XenbusNode backend) {
        try {
            long sectors = Long.parseLong(String.valueOf(backend.read("sectors")));
            if (sectors > 0 && sectors <= MOST_SECTORS) {
                return sectors;
            }
        } catch (NumberFormatException e) {
            // As wrong as a number out of range.
        }
        throw new XenbusException(XenErrno.EINVAL, "the back end's number of sectors makes no sense");
    }

    /** The most pages of one request. */
    int maxSegments() {
        return Math.max(Blkif.MAX_SEGMENTS_PER_REQUEST, maxIndirectSegments);
    }
}
