// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.stress.grant;

import io.splitvisor.abi.io.BlkifOp;
import io.splitvisor.abi.io.BlkifRequest;
import io.splitvisor.abi.io.BlkifRequestSegment;
import io.splitvisor.abi.io.BlkifResponse;
import io.splitvisor.abi.io.BlkifStatus;
import io.splitvisor.domu.grant.GrantCopies;
import io.splitvisor.domu.memory.GuestMemory;
import io.splitvisor.ring.SharedRing;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** A block back end in a guest: it has mapped nothing, and reaches ring and data by copies only. Its disk is its own memory. */
final class CopyingBlockBackend implements AutoCloseable {
    private static final int SECTOR = 512;
    private static final int REQ_PROD = 0;
    private static final int RSP_PROD = 8;

    private final GuestMemory memory;
    private final MemorySegment ram;
    private final GrantCopies copies;
    private final int frontDomid;
    private final int ringRef;
    private final long header;
    private final long slots;
    private final long disk;
    private final int sectors;
    private final int slotCount;
    private int consumed;

    CopyingBlockBackend(TwoDomains.Side driver, int frontDomid, int ringRef, int diskPages) {
        this.memory = driver.memory();
        this.ram = memory.segment();
        this.copies = new GrantCopies(memory, driver.hypercalls(), 512);
        this.frontDomid = frontDomid;
        this.ringRef = ringRef;
        int frame = memory.allocate();
        this.header = GuestMemory.address(frame);
        this.slots = header + SharedRing.HEADER_BYTES;
        this.slotCount = SharedRing.slots(GuestMemory.PAGE_SIZE, BlkifRequest.SIZE);
        this.disk = GuestMemory.address(memory.allocate(diskPages));
        this.sectors = diskPages * GuestMemory.PAGE_SIZE / SECTOR;
    }

    private long slot(int index) {
        return slots + (long) (index & (slotCount - 1)) * BlkifRequest.SIZE;
    }

    private int offset(int index) {
        return (int) (slot(index) - header);
    }

    /** Serves what the front end has published; how many requests. */
    int serve() {
        copies.clear();
        copies.read(frontDomid, ringRef, REQ_PROD, header, Integer.BYTES);
        run("the ring's index");
        int published = ram.get(ValueLayout.JAVA_INT, header) - consumed;
        if (published == 0) {
            return 0;
        }
        copies.clear();
        for (int i = 0; i < published; i++) {
            copies.read(frontDomid, ringRef, offset(consumed + i), slot(consumed + i), BlkifRequest.SIZE);
        }
        run("requests");
        copies.clear();
        int[] firstCopy = new int[published + 1];
        for (int i = 0; i < published; i++) {
            firstCopy[i] = copies.size();
            addData(slot(consumed + i));
        }
        firstCopy[published] = copies.size();
        copies.run();
        int[] statuses = new int[published];
        for (int i = 0; i < published; i++) {
            statuses[i] = status(slot(consumed + i), firstCopy[i], firstCopy[i + 1]);
        }
        respond(statuses);
        return published;
    }

    private void addData(long request) {
        if (!isGood(request)) {
            return;
        }
        long at = disk + BlkifRequest.SECTOR_NUMBER.get(ram, request) * SECTOR;
        boolean write = BlkifRequest.OPERATION.get(ram, request) == BlkifOp.WRITE;
        for (int i = 0; i < BlkifRequest.NR_SEGMENTS.get(ram, request); i++) {
            long segment = BlkifRequest.SEG.at(request, i);
            int first = BlkifRequestSegment.FIRST_SECT.get(ram, segment);
            int ref = BlkifRequestSegment.GREF.get(ram, segment);
            int left = (BlkifRequestSegment.LAST_SECT.get(ram, segment) - first + 1) * SECTOR;
            int offset = first * SECTOR;
            // The disk's sectors may cross one of this domain's pages, which a copy may not.
            while (left > 0) {
                int bytes = (int) Math.min(left, GuestMemory.PAGE_SIZE - at % GuestMemory.PAGE_SIZE);
                if (write) {
                    copies.read(frontDomid, ref, offset, at, bytes);
                } else {
                    copies.write(frontDomid, ref, offset, at, bytes);
                }
                at += bytes;
                offset += bytes;
                left -= bytes;
            }
        }
    }

    private boolean isGood(long request) {
        long length = 0;
        for (int i = 0; i < BlkifRequest.NR_SEGMENTS.get(ram, request); i++) {
            long segment = BlkifRequest.SEG.at(request, i);
            length += BlkifRequestSegment.LAST_SECT.get(ram, segment)
                    - BlkifRequestSegment.FIRST_SECT.get(ram, segment)
                    + 1;
        }
        long sector = BlkifRequest.SECTOR_NUMBER.get(ram, request);
        return sector >= 0 && sector <= sectors - length;
    }

    private int status(long request, int from, int to) {
        if (!isGood(request)) {
            return BlkifStatus.ERROR;
        }
        for (int i = from; i < to; i++) {
            if (copies.status(i) != 0) {
                return BlkifStatus.ERROR;
            }
        }
        return BlkifStatus.OKAY;
    }

    /** The responses first, and the index behind them: copies of one call are made in order. */
    private void respond(int[] statuses) {
        copies.clear();
        for (int i = 0; i < statuses.length; i++) {
            long slot = slot(consumed + i);
            long id = BlkifRequest.ID.get(ram, slot);
            int operation = BlkifRequest.OPERATION.get(ram, slot);
            BlkifResponse.ID.set(ram, slot, id);
            BlkifResponse.OPERATION.set(ram, slot, operation);
            BlkifResponse.STATUS.set(ram, slot, statuses[i]);
            copies.write(frontDomid, ringRef, offset(consumed + i), slot, BlkifResponse.SIZE);
        }
        consumed += statuses.length;
        ram.set(ValueLayout.JAVA_INT, header + RSP_PROD, consumed);
        copies.write(frontDomid, ringRef, RSP_PROD, header + RSP_PROD, Integer.BYTES);
        run("responses");
    }

    private void run(String what) {
        if (copies.run() != 0) {
            throw new AssertionError("copies failed: " + what);
        }
    }

    @Override
    public void close() {
        copies.close();
    }
}
