// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.ring;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** struct blkif_request and struct blkif_response (io/blkif.h, x86-64), as far as the exchange needs them. */
final class BlkifSlot {
    static final int BYTES = 112;
    static final int SEGMENTS = 11;
    static final int READ = 0;
    static final int STOP = 255;
    static final int OKAY = 0;
    static final int ERROR = -1;

    private static final int OPERATION = 0;
    private static final int NR_SEGMENTS = 1;
    private static final int ID = 8;
    private static final int SECTOR_NUMBER = 16;
    private static final int SEGMENT = 24;
    private static final int SEGMENT_BYTES = 8;
    private static final int RESPONSE_ID = 0;
    private static final int RESPONSE_OPERATION = 8;
    private static final int RESPONSE_STATUS = 10;
    private static final int XVDA = 51712;
    private static final long WHOLE_PAGE = 7L << 40;
    private static final long SECTORS = 1024;

    private BlkifSlot() {}

    static void writeRequest(MemorySegment slot, long id, int operation) {
        slot.set(ValueLayout.JAVA_INT, OPERATION, operation | SEGMENTS << 8 | XVDA << 16);
        slot.set(ValueLayout.JAVA_LONG, ID, id);
        slot.set(ValueLayout.JAVA_LONG, SECTOR_NUMBER, id & (SECTORS - 1));
        for (int i = 0; i < SEGMENTS; i++) {
            long gref = Integer.toUnsignedLong((int) id + i);
            slot.set(ValueLayout.JAVA_LONG, SEGMENT + (long) i * SEGMENT_BYTES, gref | WHOLE_PAGE);
        }
    }

    static int operation(MemorySegment request) {
        return Byte.toUnsignedInt(request.get(ValueLayout.JAVA_BYTE, OPERATION));
    }

    /** Answers a request: the status says whether sector and number of segments are possible. */
    static void writeResponse(MemorySegment response, MemorySegment request) {
        boolean possible = Long.compareUnsigned(request.get(ValueLayout.JAVA_LONG, SECTOR_NUMBER), SECTORS) < 0
                && Byte.toUnsignedInt(request.get(ValueLayout.JAVA_BYTE, NR_SEGMENTS)) <= SEGMENTS;
        response.set(ValueLayout.JAVA_LONG, RESPONSE_ID, request.get(ValueLayout.JAVA_LONG, ID));
        response.set(ValueLayout.JAVA_BYTE, RESPONSE_OPERATION, request.get(ValueLayout.JAVA_BYTE, OPERATION));
        response.set(ValueLayout.JAVA_SHORT, RESPONSE_STATUS, (short) (possible ? OKAY : ERROR));
    }

    static boolean isOkayFor(MemorySegment response, long id) {
        return response.get(ValueLayout.JAVA_LONG, RESPONSE_ID) == id
                && response.get(ValueLayout.JAVA_SHORT, RESPONSE_STATUS) == OKAY;
    }
}
