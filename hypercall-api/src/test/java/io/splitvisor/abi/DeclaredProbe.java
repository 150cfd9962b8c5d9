// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.driver.Field;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** Writes a declared field and looks which bytes change. */
final class DeclaredProbe {
    /** Where the structure starts: no offset may be taken from the start of memory instead. */
    private static final int AT = 64;

    private final Field field;
    private final Layout.Field golden;

    DeclaredProbe(Field field, Layout.Field golden) {
        this.field = field;
        this.golden = golden;
    }

    void check() {
        long last = golden.size() / golden.elem() - 1;
        switch (field) {
            case Field.Scalar scalar -> checkScalar(scalar, AT, 0);
            case Field.Array<?> array -> {
                checkScalar(array.element(), array.at(AT, 0), 0);
                checkScalar(array.element(), array.at(AT, (int) last), last);
            }
            case Field.Structs structs -> {
                assertThat(structs.at(AT, 0)).isEqualTo(AT + golden.offset());
                assertThat(structs.at(AT, (int) last)).isEqualTo(AT + golden.offset() + last * golden.elem());
            }
            case Field.Bytes bytes -> {
                byte[] memory = new byte[AT + (int) (golden.offset() + golden.size())];
                bytes.set(MemorySegment.ofArray(memory), AT, (int) last, -1);
                assertThat(memory).as(field.name()).isEqualTo(ones(memory.length, last));
                assertThat(bytes.get(MemorySegment.ofArray(memory), AT, (int) last))
                        .isEqualTo(255);
            }
        }
    }

    /** All ones, written and read, are the field's bytes and no other. */
    private void checkScalar(Field.Scalar scalar, long at, long index) {
        byte[] memory = new byte[2 * AT + (int) (golden.offset() + golden.size())];
        scalar.write(MemorySegment.ofArray(memory), at, -1);
        assertThat(memory).as(field.name()).isEqualTo(ones(memory.length, index));
        long expected = scalar.signed() ? -1 : scalar.largest();
        assertThat(scalar.read(MemorySegment.ofArray(memory), at))
                .as(field.name())
                .isEqualTo(expected);
    }

    private byte[] ones(int length, long index) {
        byte[] expected = new byte[length];
        int from = AT + (int) (golden.offset() + index * golden.elem());
        Arrays.fill(expected, from, from + (int) golden.elem(), (byte) 0xff);
        return expected;
    }
}
