// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.derived;

import io.splitvisor.driver.Access;
import io.splitvisor.driver.Feature;
import io.splitvisor.driver.Field;
import io.splitvisor.driver.Protocol;
import io.splitvisor.driver.Struct;

/** A protocol with one of everything: gaps, inner structures, packed structures, arrays, every type. */
final class Sample {
    private static final Struct.Builder INNER = Struct.named("sample_piece");
    static final Field.Gref PIECE_GREF = INNER.gref("gref", Access.BY_OPERATION);
    static final Field.I8 PIECE_SHIFT = INNER.i8("shift");
    static final Struct PIECE = INNER.end();

    private static final Struct.Builder PACKED = Struct.named("sample_packed").packed();
    static final Field.U8 PACKED_A = PACKED.u8("a");
    static final Field.U64 PACKED_B = PACKED.u64("b");
    static final Struct PACKED_STRUCT = PACKED.size(12).end();

    private static final Struct.Builder REQ = Struct.named("sample_request");
    static final Field.U8 OPERATION = REQ.note("front end: what to do").u8("operation");
    static final Field.U64 ID = REQ.u64("id");
    static final Field.I64 POSITION = REQ.i64("position");
    static final Field.U32 LENGTH = REQ.at(28).u32("length");
    static final Field.Structs PIECES = REQ.array("pieces", PIECE, 3);
    static final Field.Structs ODD = REQ.struct("odd", PACKED_STRUCT);
    static final Field.Array<Field.U16> HALVES = REQ.u16s("halves", 5);
    static final Struct REQUEST = REQ.size(100).end();

    private static final Struct.Builder ERASE = Struct.named("sample_erase");
    static final Field.U8 ERASE_OPERATION = ERASE.u8("op");
    static final Field.Bytes KEY = ERASE.bytes("key", 5);
    static final Field.U64 ERASE_ID = ERASE.u64("id");
    static final Field.Array<Field.Gref> PAGES = ERASE.grefs("pages", 2, Access.BACKEND_READS);
    static final Field.Array<Field.U64> WIDE = ERASE.u64s("wide", 2);
    static final Field.Array<Field.U32> WORDS = ERASE.u32s("words", 3);
    static final Struct ERASE_STRUCT = ERASE.end();

    private static final Struct.Builder RSP = Struct.named("sample_response");
    static final Field.U64 RESPONSE_ID = RSP.u64("id");
    static final Field.I32 STATUS = RSP.i32("status");
    static final Field.I16 DETAIL = RSP.i16("detail");
    static final Field.U16 COUNT = RSP.u16("count");
    static final Struct RESPONSE = RSP.end();

    static final Protocol PROTOCOL = Protocol.of("sample")
            .version(3)
            .request(REQUEST)
            .response(RESPONSE)
            .id(ID, RESPONSE_ID)
            .operation(OPERATION, 1, "MOVE")
            .operation(OPERATION, 9, "ERASE", ERASE_STRUCT)
            .status(STATUS, 0, -5, -95)
            .limit(LENGTH, 1, 4096)
            .features(Feature.flag("feature-persistent", true), Feature.number("max-keys", 1, 1024, 64))
            .queues(2)
            .ringPageOrder(1)
            .build();

    private Sample() {}
}
