// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.block;

import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.io.Blkif;
import io.splitvisor.driver.FeatureValues;
import io.splitvisor.xenbus.XenbusException;

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
    /** @throws XenbusException EINVAL if it makes no sense */
    static BlockFeatures of(FeatureValues values) {
        int sectorSize = (int) values.get(Blkif.SECTOR_SIZE);
        if (Integer.bitCount(sectorSize) != 1) {
            throw new XenbusException(XenErrno.EINVAL, "the back end's sector size makes no sense");
        }
        if (values.get(Blkif.SECTORS) == 0) {
            throw new XenbusException(XenErrno.EINVAL, "the back end's number of sectors makes no sense");
        }
        return new BlockFeatures(
                values.get(Blkif.SECTORS),
                sectorSize,
                (int) values.get(Blkif.PHYSICAL_SECTOR_SIZE),
                (values.get(Blkif.INFO) & Blkif.VDISK_READONLY) != 0,
                values.has(Blkif.FLUSH_CACHE),
                values.has(Blkif.BARRIER),
                values.has(Blkif.DISCARD),
                values.has(Blkif.PERSISTENT),
                (int) values.get(Blkif.MAX_INDIRECT_SEGMENTS));
    }

    /** The most pages of one request. */
    int maxSegments() {
        return Math.max(Blkif.MAX_SEGMENTS_PER_REQUEST, maxIndirectSegments);
    }
}
