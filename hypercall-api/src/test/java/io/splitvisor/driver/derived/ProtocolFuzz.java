// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.derived;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.splitvisor.abi.io.Blkif;
import io.splitvisor.driver.Protocol;
import io.splitvisor.driver.Verdict;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * A target for a search by coverage: a slot's bytes as they are, and the requests that the fuzzer makes of them. Not part of
 * the build, because the tool's agent would slow down every other test in the JVM: {@code JAZZER_FUZZ=1 mvn test -pl
 * hypercall-api -am -Dtest=ProtocolFuzz#fuzzSlots -Dsurefire.failIfNoSpecifiedTests=false}.
 */
class ProtocolFuzz {
    @FuzzTest
    void fuzzSlots(byte[] data) {
        for (Protocol protocol : new Protocol[] {Sample.PROTOCOL, Blkif.PROTOCOL}) {
            MemorySegment slot = MemorySegment.ofArray(Arrays.copyOf(data, protocol.slotSize()));
            verify(protocol, slot);
            ByteBuffer input = ByteBuffer.wrap(data);
            RandomGenerator fromInput = () -> input.remaining() < Long.BYTES ? 0 : input.getLong();
            new RequestFuzzer(protocol, fromInput).any(slot, 0);
            verify(protocol, slot);
        }
    }

    private static void verify(Protocol protocol, MemorySegment slot) {
        boolean declared = protocol.operation(
                        protocol.operationField().orElseThrow().read(slot, 0))
                .isPresent();
        assertThat(protocol.check(slot, 0) == Verdict.UNSUPPORTED).isEqualTo(!declared);
        assertThat(new TraceDecoder(protocol).request(slot, 0)).isNotEmpty();
        assertThat(new TraceDecoder(protocol).response(slot, 0)).isNotEmpty();
    }
}
