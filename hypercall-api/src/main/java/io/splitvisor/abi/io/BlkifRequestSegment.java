// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.io;

import io.splitvisor.driver.Access;
import io.splitvisor.driver.Field;
import io.splitvisor.driver.Struct;

/**
 * A run of sectors in one granted page. The layout is the same for x86_32. {@code struct blkif_request_segment} in
 * io/blkif.h.
 */
public final class BlkifRequestSegment {
    private static final Struct.Builder FIELDS = Struct.named("blkif_request_segment");

    public static final Field.Gref GREF = FIELDS.note("front end: the page").gref("gref", Access.BY_OPERATION);
    public static final Field.U8 FIRST_SECT =
            FIELDS.note("front end: first sector in the page, 0 to 7").u8("first_sect");
    public static final Field.U8 LAST_SECT =
            FIELDS.note("front end: last sector in the page, included").u8("last_sect");

    /** The layout. */
    public static final Struct STRUCT = FIELDS.end();

    /** Bytes of the structure. */
    public static final int SIZE = (int) STRUCT.size();

    private BlkifRequestSegment() {}
}
