// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.it;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.CRC32C;

/** A numbered record of a journal that is never overwritten: its bytes follow from its number. */
final class JournalRecord {
    /** Bytes of a record: more than a page, so that it can be torn. */
    static final int BYTES = 8192;

    private static final long MAGIC = 0x53564a4f55524e41L;
    private static final int HEADER = Long.BYTES + Long.BYTES + Integer.BYTES;

    private JournalRecord() {}

    static byte[] make(long number) {
        byte[] bytes = new byte[BYTES];
        new Random(number).nextBytes(bytes);
        CRC32C sum = new CRC32C();
        sum.update(bytes, HEADER, BYTES - HEADER);
        ByteBuffer.wrap(bytes).putLong(MAGIC).putLong(number).putInt((int) sum.getValue());
        return bytes;
    }

    /** Whether these bytes are the record of that number, and all of it. */
    static boolean is(byte[] bytes, long number) {
        ByteBuffer header = ByteBuffer.wrap(bytes);
        return header.getLong() == MAGIC && header.getLong() == number && Arrays.equals(bytes, make(number));
    }
}
