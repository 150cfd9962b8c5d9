// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver;

import io.splitvisor.driver.DeclarationException.Problem;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * A structure in shared memory, laid out as a C compiler for x86_64 lays it out: fields in the order in which they were
 * declared, each at the next multiple of its alignment, the whole padded to a multiple of the largest alignment.
 *
 * @param name C name, such as {@code blkif_request}
 * @param size bytes, with the padding at its end
 * @param alignment bytes; 1 if packed
 * @param packed whether fields may lie at any offset
 * @param fields in the order of their offsets
 * @param notes what was said about a field, by its name
 */
public record Struct(
        String name, long size, long alignment, boolean packed, List<Field> fields, Map<String, String> notes) {
    /** Of a structure in one page. */
    private static final long MAX_SIZE = 4096;

    private static final Pattern C_NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,62}");

    /** Starts a declaration. */
    public static Builder named(String name) {
        return new Builder(name);
    }

    /** Whether this is a field of this structure, and not only one that is called the same. */
    public boolean has(Field field) {
        return fields.contains(field);
    }

    /**
     * The field with a name.
     *
     * @throws DeclarationException if there is none
     */
    public Field field(String name) {
        return fields.stream()
                .filter(field -> field.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new DeclarationException(
                        Problem.FOREIGN_FIELD, this.name, name, "there is no such field in struct " + this.name));
    }

    @Override
    public String toString() {
        return "struct " + name + " (" + size + " bytes)";
    }

    /** Adds field after field, each returned for its static final. Every method throws {@link DeclarationException}. */
    public static final class Builder {
        private final String name;
        private final List<Field> fields = new ArrayList<>();
        private final Map<String, String> notes = new LinkedHashMap<>();
        private boolean packed;
        private boolean ended;
        private long next;
        private boolean placed;
        private long atLeast;
        private String note = "";

        private Builder(String name) {
            this.name = name;
            checkName("", name);
        }

        /** All fields that follow may lie at any offset, and nothing is padded. Before the first field. */
        public Builder packed() {
            if (!fields.isEmpty()) {
                throw problem(Problem.INCOMPLETE, "", "packed() comes before the first field");
            }
            packed = true;
            return this;
        }

        /** The next field starts here, instead of behind the last one. */
        public Builder at(long offset) {
            next = offset;
            placed = true;
            return this;
        }

        /** The structure has at least so many bytes: what is not declared is reserved. */
        public Builder size(long bytes) {
            if (bytes < 1 || bytes > MAX_SIZE) {
                throw problem(Problem.OUT_OF_RANGE, "", bytes + " bytes; a structure has 1 to " + MAX_SIZE);
            }
            atLeast = bytes;
            return this;
        }

        /** What the next field means and who writes it: for the layout table and the C header. */
        public Builder note(String text) {
            note = text;
            return this;
        }

        public Field.U8 u8(String field) {
            return add(new Field.U8(name, field, place(1)));
        }

        public Field.U16 u16(String field) {
            return add(new Field.U16(name, field, place(2)));
        }

        public Field.U32 u32(String field) {
            return add(new Field.U32(name, field, place(4)));
        }

        public Field.U64 u64(String field) {
            return add(new Field.U64(name, field, place(8)));
        }

        public Field.I8 i8(String field) {
            return add(new Field.I8(name, field, place(1)));
        }

        public Field.I16 i16(String field) {
            return add(new Field.I16(name, field, place(2)));
        }

        public Field.I32 i32(String field) {
            return add(new Field.I32(name, field, place(4)));
        }

        public Field.I64 i64(String field) {
            return add(new Field.I64(name, field, place(8)));
        }

        /** The grant reference of a page. */
        public Field.Gref gref(String field, Access access) {
            return add(new Field.Gref(name, field, place(4), Objects.requireNonNull(access)));
        }

        public Field.Bytes bytes(String field, int length) {
            return add(new Field.Bytes(name, field, place(1), count(field, length)));
        }

        public Field.Array<Field.U16> u16s(String field, int count) {
            return add(new Field.Array<>(new Field.U16(name, field, place(2)), count(field, count)));
        }

        public Field.Array<Field.U32> u32s(String field, int count) {
            return add(new Field.Array<>(new Field.U32(name, field, place(4)), count(field, count)));
        }

        public Field.Array<Field.U64> u64s(String field, int count) {
            return add(new Field.Array<>(new Field.U64(name, field, place(8)), count(field, count)));
        }

        /** Grant references of several pages. */
        public Field.Array<Field.Gref> grefs(String field, int count, Access access) {
            Field.Gref first = new Field.Gref(name, field, place(4), Objects.requireNonNull(access));
            return add(new Field.Array<>(first, count(field, count)));
        }

        /** One structure within this one. */
        public Field.Structs struct(String field, Struct element) {
            return add(new Field.Structs(name, field, place(element.alignment()), element, 0));
        }

        /** An array of structures. */
        public Field.Structs array(String field, Struct element, int count) {
            return add(new Field.Structs(name, field, place(element.alignment()), element, count(field, count)));
        }

        /** The finished structure. */
        public Struct end() {
            checkOpen("");
            if (fields.isEmpty()) {
                throw problem(Problem.INCOMPLETE, "", "a structure has at least one field");
            }
            ended = true;
            List<Field> sorted = fields.stream()
                    .sorted((a, b) -> Long.compare(a.offset(), b.offset()))
                    .toList();
            long alignment = packed
                    ? 1
                    : fields.stream().mapToLong(Field::alignment).max().orElse(1);
            Field last = sorted.getLast();
            long size = roundUp(Math.max(atLeast, last.offset() + last.size()), alignment);
            return new Struct(name, size, alignment, packed, sorted, Map.copyOf(notes));
        }

        private long place(long alignment) {
            long offset = placed || packed ? next : roundUp(next, alignment);
            placed = false;
            return offset;
        }

        private int count(String field, int count) {
            if (count < 1 || count > MAX_SIZE) {
                throw problem(Problem.OUT_OF_RANGE, field, count + " elements; an array has 1 to " + MAX_SIZE);
            }
            return count;
        }

        private <F extends Field> F add(F field) {
            String called = field.name();
            checkOpen(called);
            checkName(called, called);
            if (!packed && field.offset() % field.alignment() != 0) {
                throw problem(
                        Problem.MISALIGNED,
                        called,
                        "offset " + field.offset() + " is no multiple of its alignment, " + field.alignment());
            }
            if (field.offset() < 0 || field.offset() > MAX_SIZE - field.size()) {
                throw problem(
                        Problem.OUT_OF_RANGE,
                        called,
                        field.size() + " bytes at offset " + field.offset() + " go beyond a page");
            }
            fields.forEach(other -> checkApart(field, other));
            fields.add(field);
            if (!note.isEmpty()) {
                notes.put(called, note);
                note = "";
            }
            next = field.offset() + field.size();
            return field;
        }

        private void checkApart(Field field, Field other) {
            if (field.name().equals(other.name())) {
                throw problem(Problem.DUPLICATE, field.name(), "two fields have this name");
            }
            if (field.offset() < other.offset() + other.size() && other.offset() < field.offset() + field.size()) {
                throw problem(
                        Problem.OVERLAP,
                        field.name(),
                        "bytes " + field.offset() + " to " + (field.offset() + field.size() - 1) + " overlap with "
                                + other.name() + ", bytes " + other.offset() + " to "
                                + (other.offset() + other.size() - 1));
            }
        }

        private void checkOpen(String field) {
            if (ended) {
                throw problem(Problem.INCOMPLETE, field, "the structure was ended already");
            }
        }

        private void checkName(String field, String checked) {
            if (!C_NAME.matcher(checked).matches() || CKeywords.contains(checked)) {
                throw problem(Problem.BAD_NAME, field, "\"" + checked + "\" is no name in C");
            }
        }

        private DeclarationException problem(Problem problem, String field, String detail) {
            return new DeclarationException(problem, name, field, detail);
        }

        private static long roundUp(long value, long alignment) {
            return (value + alignment - 1) / alignment * alignment;
        }
    }
}
