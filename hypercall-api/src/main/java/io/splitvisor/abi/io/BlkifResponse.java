// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.io;

import io.splitvisor.driver.Field;
import io.splitvisor.driver.Struct;

/**
 * A response. A 32-bit guest has the same offsets, in 12 bytes. {@code struct blkif_response} in io/blkif.h.
 */
public final class BlkifResponse {
    private static final Struct.Builder FIELDS = Struct.named("blkif_response");

    public static final Field.U64 ID = FIELDS.note("back end: from the request").u64("id");
    public static final Field.U8 OPERATION =
            FIELDS.note("back end: from the request").u8("operation");
    public static final Field.I16 STATUS =
            FIELDS.note("back end: a BLKIF_RSP_* number").i16("status");

    /** The layout. */
    public static final Struct STRUCT = FIELDS.end();

    /** Bytes of the structure. */
    public static final int SIZE = (int) STRUCT.size();

    private BlkifResponse() {}
}
