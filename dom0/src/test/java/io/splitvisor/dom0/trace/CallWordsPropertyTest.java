// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.trace;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.hypercall.HypercallOp;
import io.splitvisor.monitor.trace.TracedCall;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class CallWordsPropertyTest {
    @Test
    void shouldUnpackWhatWasPacked() {
        assertThat(TracedCall.UNKNOWN).as("operations fit into seven bits").isLessThan(128);
        Random random = new Random(Long.getLong("seed", 5));
        CallWords packer = new CallWords();
        CallWords unpacker = new CallWords();
        long[] words = new long[CallWords.MOST];
        long[] found = new long[TracedCall.MOST_A_TURN];
        for (int turn = 0; turn < 20_000; turn++) {
            long[] calls = new long[1 + random.nextInt(TracedCall.MOST_A_TURN)];
            int kinds = 1 + random.nextInt(5);
            for (int i = 0; i < calls.length; i++) {
                calls[i] = call(random, kinds);
            }
            int length = packer.pack(calls, calls.length, words);
            assertThat(length).isBetween((calls.length + 7) / 8, calls.length);
            assertThat(unpacker.unpack(words, calls.length, found)).isEqualTo(length);
            assertThat(Arrays.copyOf(found, calls.length)).isEqualTo(calls);
        }
    }

    private static long call(Random random, int kinds) {
        int operation =
                random.nextInt(5) == 0 ? random.nextInt(HypercallOp.values().length + 1) : random.nextInt(kinds);
        int argument = random.nextInt(4) == 0 ? random.nextInt() : operation;
        long call = TracedCall.pack(operation, random.nextInt(4) == 0 ? -random.nextInt(4096) : 0, argument);
        return random.nextInt(4) == 0 ? TracedCall.again(call, random.nextInt(TracedCall.MOST_AGAIN + 1)) : call;
    }
}
