// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.derived;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.io.Blkif;
import io.splitvisor.driver.Protocol;
import io.splitvisor.driver.Verdict;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.EnumMap;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class RequestFuzzerPropertyTest {
    private static final int ROUNDS = 20_000;
    private static final int GUARD = 64;

    static Stream<Protocol> protocols() {
        return Stream.of(Sample.PROTOCOL, Blkif.PROTOCOL);
    }

    @ParameterizedTest
    @MethodSource("protocols")
    void shouldMakeRightRequestsThatAreRight(Protocol protocol) {
        var fuzzer = new RequestFuzzer(protocol, new Random(1));
        MemorySegment memory = memory(protocol);
        for (int i = 0; i < ROUNDS; i++) {
            fuzzer.right(memory, GUARD);
            assertThat(protocol.check(memory, GUARD)).isEqualTo(Verdict.OKAY);
        }
    }

    @ParameterizedTest
    @MethodSource("protocols")
    void shouldReachEveryVerdictAndStayInItsSlot(Protocol protocol) {
        var fuzzer = new RequestFuzzer(protocol, new Random(2));
        var decoder = new TraceDecoder(protocol);
        MemorySegment memory = memory(protocol);
        Map<Verdict, Integer> seen = new EnumMap<>(Verdict.class);
        for (int i = 0; i < ROUNDS; i++) {
            fuzzer.any(memory, GUARD);
            seen.merge(protocol.check(memory, GUARD), 1, Integer::sum);
            assertThat(decoder.request(memory, GUARD)).isNotEmpty();
            assertThat(decoder.response(memory, GUARD)).isNotEmpty();
        }
        assertThat(seen).containsOnlyKeys(Verdict.values());
        assertThat(seen.values()).allSatisfy(count -> assertThat(count).isGreaterThan(ROUNDS / 25));
        for (int i = 0; i < GUARD; i++) {
            assertThat(memory.get(ValueLayout.JAVA_BYTE, i)).isZero();
            assertThat(memory.get(ValueLayout.JAVA_BYTE, memory.byteSize() - 1 - i))
                    .isZero();
        }
    }

    @ParameterizedTest
    @MethodSource("protocols")
    void shouldMakeTheSameRequestsFromTheSameSeed(Protocol protocol) {
        var one = new RequestFuzzer(protocol, new Random(3));
        var other = new RequestFuzzer(protocol, new Random(3));
        MemorySegment first = memory(protocol);
        MemorySegment second = memory(protocol);
        for (int i = 0; i < 1000; i++) {
            one.any(first, GUARD);
            other.any(second, GUARD);
            assertThat(first.mismatch(second)).isEqualTo(-1);
        }
    }

    private static MemorySegment memory(Protocol protocol) {
        return MemorySegment.ofArray(new byte[GUARD + protocol.slotSize() + GUARD]);
    }
}
