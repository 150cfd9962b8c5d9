// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.splitvisor.driver.DeclarationException.Problem;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StructTest {
    private final Struct.Builder builder = Struct.named("thing");

    @Test
    void shouldLayFieldsOutAsCDoes() {
        Field operation = builder.u8("operation");
        Field handle = builder.u16("handle");
        Field id = builder.u64("id");
        Field status = builder.i16("status");
        Field page = builder.gref("page", Access.BACKEND_READS);
        Field name = builder.bytes("name", 3);
        Struct struct = builder.end();

        assertThat(struct.fields()).extracting(Field::offset).containsExactly(0L, 2L, 8L, 16L, 20L, 24L);
        assertThat(struct.fields()).containsExactly(operation, handle, id, status, page, name);
        assertThat(struct.size()).isEqualTo(32);
        assertThat(struct.alignment()).isEqualTo(8);
    }

    @Test
    void shouldLayInnerStructuresOut() {
        Struct.Builder segment = Struct.named("segment");
        segment.u32("gref");
        Field.U8 last = segment.u8("last");
        Struct element = segment.end();
        builder.u8("count");
        Field.Structs segments = builder.array("seg", element, 3);
        Field.Structs one = builder.struct("one", element);
        Struct struct = builder.end();

        assertThat(element.size()).isEqualTo(8);
        assertThat(segments.offset()).isEqualTo(4);
        assertThat(segments.at(100, 2)).isEqualTo(120);
        assertThat(one.at(100)).isEqualTo(128);
        assertThat(struct.size()).isEqualTo(36);
        assertThat(last.offset()).isEqualTo(4);
    }

    @Test
    void shouldPackWhatIsDeclaredPacked() {
        builder.packed().u8("a");
        Field b = builder.u32("b");
        Field c = builder.at(9).u64("c");
        Struct struct = builder.end();

        assertThat(b.offset()).isEqualTo(1);
        assertThat(c.offset()).isEqualTo(9);
        assertThat(struct.size()).isEqualTo(17);
        assertThat(struct.alignment()).isEqualTo(1);
    }

    @Test
    void shouldKeepReservedBytesAndNotes() {
        builder.note("front end: what to do").u8("operation");
        builder.size(13).at(8).i32("status");
        Struct struct = builder.end();

        assertThat(struct.size()).isEqualTo(16);
        assertThat(struct.notes()).containsExactlyEntriesOf(Map.of("operation", "front end: what to do"));
        assertThat(struct.field("status").offset()).isEqualTo(8);
    }

    @Test
    void shouldReadBackEveryTypeWithItsSign() {
        MemorySegment memory = MemorySegment.ofArray(new byte[64]).fill((byte) 0xff);
        assertThat(builder.u8("a").get(memory, 1)).isEqualTo(255);
        assertThat(builder.u16("b").get(memory, 1)).isEqualTo(65535);
        assertThat(builder.u32("c").get(memory, 1)).isEqualTo(-1);
        assertThat(builder.u64("d").get(memory, 1)).isEqualTo(-1);
        assertThat(builder.i8("e").get(memory, 1)).isEqualTo(-1);
        assertThat(builder.i16("f").get(memory, 1)).isEqualTo(-1);
        assertThat(builder.i32("g").get(memory, 1)).isEqualTo(-1);
        assertThat(builder.i64("h").get(memory, 1)).isEqualTo(-1);
        assertThat(builder.gref("i", Access.BACKEND_READS).get(memory, 1)).isEqualTo(-1);
        for (Field field : builder.end().fields()) {
            Field.Scalar scalar = (Field.Scalar) field;
            assertThat(scalar.read(memory, 1)).as(field.name()).isEqualTo(scalar.signed() ? -1 : scalar.largest());
        }
    }

    @Test
    void shouldWriteNothingButTheField() {
        builder.u8("a");
        Field.U16 half = builder.u16("half");
        Field.Array<Field.U32> words = builder.u32s("words", 2);
        Field.Bytes text = builder.bytes("text", 4);
        byte[] bytes = new byte[18];
        MemorySegment memory = MemorySegment.ofArray(bytes);
        half.set(memory, 1, 0x1_0203);
        words.element().set(memory, words.at(1, 1), 0x0405_0607);
        text.set(memory, 1, 3, 0x8);

        assertThat(bytes).containsExactly(0, 0, 0, 3, 2, 0, 0, 0, 0, 7, 6, 5, 4, 0, 0, 0, 8, 0);
        assertThat(text.get(memory, 1, 3)).isEqualTo(8);
        assertThat(text.slice(memory, 1).byteSize()).isEqualTo(4);
        assertThat(words.element().get(memory, words.at(1, 1))).isEqualTo(0x0405_0607);
    }

    @Test
    void shouldRefuseIndicesOutsideAnArray() {
        Field.Array<Field.U32> words = builder.u32s("words", 2);
        assertThat(catchThrowableOfType(IndexOutOfBoundsException.class, () -> words.at(0, 2)))
                .isNotNull();
    }

    @Test
    void shouldNameWhatOverlaps() {
        refused(Problem.OVERLAP, "thing.second: bytes 4 to 7 overlap with first, bytes 0 to 7", b -> {
            b.u64("first");
            b.at(4).u32("second");
        });
    }

    @Test
    void shouldNameWhatIsMisaligned() {
        refused(Problem.MISALIGNED, "thing.id: offset 4 is no multiple of its alignment, 8", b -> b.at(4)
                .u64("id"));
    }

    @Test
    void shouldNameDuplicates() {
        refused(Problem.DUPLICATE, "thing.id: two fields have this name", b -> {
            b.u64("id");
            b.u64("id");
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "1st", "feature-x", "int", "template", "a b", "é"})
    void shouldNameWhatCDoesNotAccept(String name) {
        refused(Problem.BAD_NAME, "is no name in C", b -> b.u8(name));
    }

    @Test
    void shouldNameFieldsBeyondAPage() {
        refused(Problem.OUT_OF_RANGE, "thing.end: 8 bytes at offset 4096", b -> b.at(4096)
                .u64("end"));
        refused(Problem.OUT_OF_RANGE, "thing.far: 1 bytes at offset 9223372036854775807", b -> b.at(Long.MAX_VALUE)
                .u8("far"));
        refused(Problem.OUT_OF_RANGE, "thing.back: 1 bytes at offset -1", b -> b.at(-1)
                .u8("back"));
        refused(Problem.OUT_OF_RANGE, "thing.none: 0 elements", b -> b.bytes("none", 0));
        refused(Problem.OUT_OF_RANGE, "thing.many: 2147483647 elements", b -> b.u64s("many", Integer.MAX_VALUE));
    }

    @Test
    void shouldRefuseStructuresWithoutFieldsAndFieldsAfterTheEnd() {
        refused(Problem.INCOMPLETE, "thing: a structure has at least one field", Struct.Builder::end);
        refused(Problem.INCOMPLETE, "thing.late: the structure was ended already", b -> {
            b.u8("early");
            b.end();
            b.u8("late");
        });
    }

    @Test
    void shouldNameFieldsThatAreNotThere() {
        builder.u8("there");
        Struct struct = builder.end();
        assertThat(catchThrowableOfType(DeclarationException.class, () -> struct.field("missing")))
                .hasMessage("thing.missing: there is no such field in struct thing");
    }

    private static void refused(Problem problem, String message, Consumer<Struct.Builder> declaration) {
        DeclarationException thrown =
                catchThrowableOfType(DeclarationException.class, () -> declaration.accept(Struct.named("thing")));
        assertThat(thrown).hasMessageContaining(message);
        assertThat(thrown.problem()).isEqualTo(problem);
        assertThat(thrown.where()).isEqualTo("thing");
    }
}
