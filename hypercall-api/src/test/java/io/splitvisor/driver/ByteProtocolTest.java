// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.splitvisor.driver.DeclarationException.Problem;
import io.splitvisor.ring.ByteRing;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class ByteProtocolTest {
    private final Struct.Builder builder = Struct.named("toy_page");
    private final Field.Bytes in = builder.bytes("in", 16);
    private final Field.Bytes out = builder.bytes("out", 8);
    private final Field.U32 inCons = builder.u32("in_cons");
    private final Field.U32 inProd = builder.u32("in_prod");
    private final Field.U32 outCons = builder.u32("out_cons");
    private final Field.U32 outProd = builder.u32("out_prod");

    @Test
    void shouldMakeTheRingsOfAPage() {
        Struct page = builder.end();
        var protocol = new ByteProtocol(
                "toy", page, new ByteStream(in, inCons, inProd), new ByteStream(out, outCons, outProd));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(64 + page.size(), 8);
            ByteRing ring = protocol.toBackend().ring(memory, 64);
            assertThat(ring.write(new byte[] {1, 2, 3}, 0, 3)).isEqualTo(3);
            assertThat(outProd.get(memory, 64)).isEqualTo(3);
            assertThat(out.get(memory, 64, 2)).isEqualTo(3);
            assertThat(protocol.toFrontend().ring(memory, 64).size()).isEqualTo(16);
        }
    }

    @Test
    void shouldNameWhatCannotBe() {
        Struct page = builder.end();
        var right = new ByteStream(in, inCons, inProd);
        Struct.Builder other = Struct.named("other").packed();
        Field.Bytes odd = other.bytes("odd", 9);
        Field.U32 misaligned = other.u32("cons");
        Field.U32 index = other.at(16).u32("prod");
        Field.U32 third = other.u32("third");
        Struct otherPage = other.end();

        refused(Problem.DUPLICATE, "toy.in: is used twice", () -> new ByteProtocol("toy", page, right, right));
        refused(
                Problem.FOREIGN_FIELD,
                "toy.odd: is not a field of struct toy_page",
                () -> new ByteProtocol("toy", page, right, new ByteStream(odd, outCons, outProd)));
        refused(
                Problem.MISALIGNED,
                "toy.cons: offset 9 is no multiple of 4",
                () -> new ByteProtocol("toy", otherPage, new ByteStream(odd, misaligned, index), right));
        refused(
                Problem.OUT_OF_RANGE,
                "toy.odd: 9 bytes; a ring's length is a power of two",
                () -> new ByteProtocol("toy", otherPage, new ByteStream(odd, third, index), right));
        refused(Problem.BAD_NAME, "a device type is", () -> new ByteProtocol("a/b", page, right, right));
    }

    private static void refused(Problem problem, String message, Supplier<?> declaration) {
        DeclarationException thrown = catchThrowableOfType(DeclarationException.class, declaration::get);
        assertThat(thrown).hasMessageContaining(message);
        assertThat(thrown.problem()).isEqualTo(problem);
    }
}
