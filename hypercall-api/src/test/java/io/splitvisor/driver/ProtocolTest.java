// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.splitvisor.driver.DeclarationException.Problem;
import java.lang.foreign.MemorySegment;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProtocolTest {
    private final Struct.Builder requests = Struct.named("toy_request");
    private final Field.U8 operation = requests.u8("operation");
    private final Field.U64 id = requests.u64("id");
    private final Field.U32 length = requests.u32("length");
    private final Struct request = requests.end();

    private final Struct.Builder responses = Struct.named("toy_response");
    private final Field.U64 responseId = responses.u64("id");
    private final Field.I16 status = responses.i16("status");
    private final Field.U8 responseOperation = responses.u8("operation");
    private final Struct response = responses.end();

    private ProtocolBuilder toy() {
        return Protocol.of("toy").request(request).response(response).id(id, responseId);
    }

    @Test
    void shouldHoldWhatWasDeclared() {
        Protocol protocol = toy().version(2)
                .operation(operation, 0, "READ")
                .operation(operation, 5, "DISCARD")
                .echo(operation, responseOperation)
                .status(status, 0, -1, -2)
                .limit(length, 1, 4096)
                .features(Feature.flag("feature-x", true), Feature.number("max-keys", 1, 8, 4))
                .queues(4)
                .ringPageOrder(2)
                .notReplayed()
                .build();

        assertThat(protocol).hasToString("toy version 2");
        assertThat(protocol.operation(5)).map(Operation::name).hasValue("DISCARD");
        assertThat(protocol.operation(4)).isEmpty();
        assertThat(protocol.slotSize()).isEqualTo(24);
        assertThat(protocol.slots(1)).isEqualTo(128);
        assertThat(protocol.slots(4)).isEqualTo(512);
        assertThat(protocol.replayed()).isFalse();
        assertThat(protocol.queues()).isEqualTo(4);
        assertThat(protocol.ringPageOrder()).isEqualTo(2);
        assertThat(protocol.features()).extracting(Feature::name).containsExactly("feature-x", "max-keys");
        assertThat(protocol.status()).hasValue(new Status(status, 0, -1, -2));
    }

    @Test
    void shouldJudgeRequests() {
        Protocol protocol = toy().operation(operation, 0, "READ")
                .operation(operation, 1, "WRITE")
                .limit(length, 1, 4096)
                .build();
        MemorySegment memory = MemorySegment.ofArray(new byte[64]);
        assertThat(protocol.check(memory, 8)).isEqualTo(Verdict.MALFORMED);
        length.set(memory, 8, 4096);
        assertThat(protocol.check(memory, 8)).isEqualTo(Verdict.OKAY);
        length.set(memory, 8, -1);
        assertThat(protocol.check(memory, 8)).isEqualTo(Verdict.MALFORMED);
        operation.set(memory, 8, 2);
        assertThat(protocol.check(memory, 8)).isEqualTo(Verdict.UNSUPPORTED);
    }

    @Test
    void shouldHoldLimitsOfAnAlternativeAgainstItsRequestsOnly() {
        Struct.Builder other = Struct.named("toy_other");
        Field.U8 kind = other.u8("kind");
        other.u64("id");
        Field.U64 sectors = other.u64("sectors");
        Protocol protocol = toy().operation(operation, 0, "READ")
                .operation(operation, 1, "OTHER", other.end())
                .limit(sectors, 1, -1)
                .limit(length, 0, 0)
                .build();
        MemorySegment memory = MemorySegment.ofArray(new byte[64]);
        assertThat(protocol.check(memory, 0)).isEqualTo(Verdict.OKAY);
        kind.set(memory, 0, 1);
        assertThat(protocol.check(memory, 0)).isEqualTo(Verdict.MALFORMED);
        sectors.set(memory, 0, Long.MIN_VALUE);
        assertThat(protocol.check(memory, 0)).isEqualTo(Verdict.OKAY);
    }

    @Test
    void shouldNameWhatIsMissing() {
        refused(Problem.MISSING, "toy.request: every protocol has one", () -> Protocol.of("toy")
                .build());
        refused(
                Problem.MISSING,
                "toy.id: every protocol has one",
                () -> Protocol.of("toy").request(request).response(response).build());
        refused(Problem.MISSING, "toy.READ: request(...) comes before operations", () -> Protocol.of("toy")
                .operation(operation, 0, "READ")
                .request(request)
                .response(response)
                .id(id, responseId)
                .build());
    }

    @Test
    void shouldNameFieldsOfOtherStructures() {
        String message = "is a field of struct toy_response, not of struct toy_request";
        refused(Problem.FOREIGN_FIELD, "toy.id: " + message, () -> toy().id(responseId, responseId)
                .build());
        refused(Problem.FOREIGN_FIELD, "toy.status: " + message, () -> toy().limit(status, 0, 1)
                .build());
        refused(Problem.FOREIGN_FIELD, "toy.length: is a field of", () -> toy().status(length, 0, 1, 2)
                .build());
    }

    @Test
    void shouldNameFieldsThatAreNotAlike() {
        refused(
                Problem.MISMATCH,
                "toy.operation: toy_request.operation has 1 bytes, toy_response.status 2",
                () -> toy().echo(operation, status).build());
        Struct.Builder other = Struct.named("toy_other");
        other.u16("operation");
        other.u64("id");
        Struct alternative = other.end();
        refused(
                Problem.MISMATCH,
                "toy.OTHER: struct toy_other has no U8 at offset 0, where struct toy_request has operation",
                () -> toy().operation(operation, 1, "OTHER", alternative).build());
    }

    @Test
    void shouldNameDuplicates() {
        refused(Problem.DUPLICATE, "toy.WRITE: operation 0 is READ already", () -> toy().operation(operation, 0, "READ")
                .operation(operation, 0, "WRITE"));
        refused(Problem.DUPLICATE, "toy.READ: two operations", () -> toy().operation(operation, 0, "READ")
                .operation(operation, 1, "READ"));
        refused(Problem.DUPLICATE, "toy.x: two features have this name", () -> toy().features(
                        Feature.flag("x", true), Feature.number("x", 0, 1, 1)));
        refused(Problem.DUPLICATE, "toy.B: length and operation both say", () -> toy().operation(operation, 0, "A")
                .operation(length, 1, "B"));
    }

    @Test
    void shouldNameNumbersThatDoNotFit() {
        refused(Problem.OUT_OF_RANGE, "toy.A: 256 does not fit operation, 0 to 255", () -> toy().operation(
                        operation, 256, "A"));
        refused(Problem.OUT_OF_RANGE, "toy.error: 32768 does not fit status, -32768 to 32767", () -> toy().status(
                        status, 0, 32768, 1));
        refused(Problem.OUT_OF_RANGE, "toy.length: no value is from 2 to 1", () -> toy().limit(length, 2, 1));
        refused(Problem.OUT_OF_RANGE, "toy.queues: 0 is not in 1 to 64", () -> toy().queues(0));
        refused(Problem.OUT_OF_RANGE, "toy.ringPageOrder: 5 is not in 0 to 4", () -> toy().ringPageOrder(5));
        refused(Problem.OUT_OF_RANGE, "toy.version: 0 is not in", () -> toy().version(0));
    }

    @Test
    void shouldRefuseASlotThatFitsNoRing() {
        Struct.Builder large = Struct.named("large");
        Field.U64 largeId = large.u64("id");
        Struct struct = large.size(4040).end();
        refused(Problem.OUT_OF_RANGE, "big: 4040 bytes of a slot do not fit a ring of one page", () -> Protocol.of(
                        "big")
                .request(struct)
                .response(response)
                .id(largeId, responseId)
                .build());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "Vbd", "../x", "a/b", "9p", "x-y"})
    void shouldRefuseTypesThatAreNoFolder(String type) {
        refused(Problem.BAD_NAME, "a device type is", () -> Protocol.of(type));
    }

    @ParameterizedTest
    @ValueSource(strings = {"state", "ring-ref", "ring-ref12", "queue-3", "event-channel", "online"})
    void shouldRefuseFeaturesThatAreNodesOfTheFrameworks(String name) {
        refused(
                Problem.RESERVED_NAME,
                name + ": is a node that connecting itself needs",
                () -> Feature.flag(name, true));
    }

    @Test
    void shouldRefuseFeaturesThatCannotBe() {
        refused(Problem.BAD_NAME, "a/b: is no name of a xenstore node", () -> Feature.flag("a/b", true));
        refused(Problem.OUT_OF_RANGE, "n: offers 9, from 1 to 8", () -> Feature.number("n", 1, 8, 9));
        refused(Problem.OUT_OF_RANGE, "n: offers 1, from -1 to 8", () -> Feature.number("n", -1, 8, 1));
    }

    @Test
    void shouldArriveAsTheCauseWhenTheClassIsInitialised() {
        ExceptionInInitializerError error =
                catchThrowableOfType(ExceptionInInitializerError.class, () -> Broken.STRUCT.size());
        assertThat(error.getCause())
                .isInstanceOf(DeclarationException.class)
                .hasMessage("broken.b: bytes 0 to 0 overlap with a, bytes 0 to 0");
    }

    /** A declaration that somebody got wrong. */
    private static final class Broken {
        static final Struct.Builder BUILDER = Struct.named("broken");
        static final Field A = BUILDER.u8("a");
        static final Field B = BUILDER.at(0).u8("b");
        static final Struct STRUCT = BUILDER.end();
    }

    private static void refused(Problem problem, String message, Supplier<?> declaration) {
        DeclarationException thrown = catchThrowableOfType(DeclarationException.class, declaration::get);
        assertThat(thrown).hasMessageContaining(message);
        assertThat(thrown.problem()).isEqualTo(problem);
    }
}
