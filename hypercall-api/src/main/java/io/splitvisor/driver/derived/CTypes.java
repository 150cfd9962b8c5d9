// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.derived;

import io.splitvisor.driver.Field;

/** C's names for types of fields. */
final class CTypes {
    private CTypes() {}

    /** The type of a field, or of an array's elements. */
    static String of(Field field) {
        return switch (field) {
            case Field.U8 _ -> "uint8_t";
            case Field.U16 _ -> "uint16_t";
            case Field.U32 _ -> "uint32_t";
            case Field.U64 _ -> "uint64_t";
            case Field.I8 _ -> "int8_t";
            case Field.I16 _ -> "int16_t";
            case Field.I32 _ -> "int32_t";
            case Field.I64 _ -> "int64_t";
            case Field.Gref _ -> "grant_ref_t";
            case Field.Bytes _ -> "uint8_t";
            case Field.Array<?> array -> of(array.element());
            case Field.Structs structs -> "struct " + structs.element().name();
        };
    }

    /** {@code [11]} behind the name of an array; nothing behind others. */
    static String dimension(Field field) {
        int count =
                switch (field) {
                    case Field.Bytes bytes -> bytes.length();
                    case Field.Array<?> array -> array.count();
                    case Field.Structs structs -> structs.count();
                    case Field.Scalar _ -> 0;
                };
        return count == 0 ? "" : "[" + count + "]";
    }
}
