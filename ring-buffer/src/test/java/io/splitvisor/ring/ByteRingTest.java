// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.ring;

import static io.splitvisor.ring.XenRings.word;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ByteRingTest {
    // struct xencons_interface: in[1024], out[2048], in_cons, in_prod, out_cons, out_prod
    private static final int IN_BYTES = XenRings.FACTS.get("xencons_in_bytes").asInt();
    private static final int OUT_BYTES = XenRings.FACTS.get("xencons_out_bytes").asInt();
    private static final int IN_CONS = 3072;
    private static final int IN_PROD = 3076;
    private static final int OUT_CONS = 3080;
    private static final int OUT_PROD = 3084;

    private final MemorySegment page = XenRings.page();
    private final ByteRing in = new ByteRing(page, 0, IN_BYTES, IN_CONS, IN_PROD);
    private final ByteRing out = new ByteRing(page, IN_BYTES, OUT_BYTES, OUT_CONS, OUT_PROD);

    @Test
    void shouldCarryBytes() {
        byte[] text = "Linux version 6.12\r\n".getBytes(StandardCharsets.US_ASCII);
        assertThat(out.write(text, 0, text.length)).isEqualTo(text.length);
        assertThat(out.readable()).isEqualTo(text.length);
        byte[] read = new byte[100];
        assertThat(out.read(read, 3, 97)).isEqualTo(text.length);
        assertThat(read).containsSubsequence(text);
        assertThat(read[2]).isZero();
        assertThat(read[3]).isEqualTo((byte) 'L');
        assertThat(out.readable()).isZero();
        assertThat(word(page, OUT_CONS)).isEqualTo(text.length);
        assertThat(in.readable()).as("the other direction").isZero();
    }

    @Test
    void shouldTakeWhatFitsAndNoMore() {
        byte[] much = new byte[3000];
        assertThat(out.write(much, 0, 2000)).isEqualTo(2000);
        assertThat(out.write(much, 0, 3000)).isEqualTo(48);
        assertThat(out.write(much, 0, 1)).isZero();
        assertThat(out.writable()).isZero();
        assertThat(out.readable()).isEqualTo(OUT_BYTES);
        assertThat(out.read(much, 0, 10)).isEqualTo(10);
        assertThat(out.writable()).isEqualTo(10);
    }

    @Test
    void shouldSplitACopyAtTheEndOfTheBuffer() {
        word(page, OUT_CONS, -3);
        word(page, OUT_PROD, -3);
        assertThat(out.write(new byte[] {1, 2, 3, 4, 5}, 0, 5)).isEqualTo(5);
        assertThat(word(page, OUT_PROD)).isEqualTo(2);
        assertThat(page.asSlice(IN_BYTES + OUT_BYTES - 3, 3).toArray(ValueLayout.JAVA_BYTE))
                .containsExactly(1, 2, 3);
        assertThat(page.asSlice(IN_BYTES, 2).toArray(ValueLayout.JAVA_BYTE)).containsExactly(4, 5);
        byte[] read = new byte[5];
        assertThat(out.read(read, 0, 5)).isEqualTo(5);
        assertThat(read).containsExactly(1, 2, 3, 4, 5);
    }

    @ParameterizedTest
    @ValueSource(ints = {2049, 4096, Integer.MAX_VALUE, Integer.MIN_VALUE, -1, -2048})
    void c1_shouldMoveNothingWhenTheIndicesAreImpossible(int distance) {
        for (int consumer : new int[] {0, 5, -7}) {
            word(page, OUT_CONS, consumer);
            word(page, OUT_PROD, consumer + distance);
            byte[] buffer = {9, 9, 9};
            assertThat(out.readable()).isEqualTo(ByteRing.CORRUPT);
            assertThat(out.writable()).isEqualTo(ByteRing.CORRUPT);
            assertThat(out.read(buffer, 0, 3)).isEqualTo(ByteRing.CORRUPT);
            assertThat(out.write(buffer, 0, 3)).isEqualTo(ByteRing.CORRUPT);
            assertThat(buffer).containsOnly(9);
            assertThat(word(page, OUT_CONS)).isEqualTo(consumer);
            assertThat(word(page, OUT_PROD)).isEqualTo(consumer + distance);
            assertThat(page.asSlice(0, IN_CONS).toArray(ValueLayout.JAVA_BYTE)).containsOnly(0);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1025, Integer.MIN_VALUE, -1})
    void x2_shouldMoveNothingOnAXenstoreRingWithImpossibleIndices(int distance) {
        // struct xenstore_domain_interface: req[1024], rsp[1024], req_cons, req_prod, rsp_cons, rsp_prod
        int bytes = XenRings.FACTS.get("xenstore_ring_bytes").asInt();
        ByteRing requests = new ByteRing(page, 0, bytes, 2048, 2052);
        ByteRing responses = new ByteRing(page, bytes, bytes, 2056, 2060);
        word(page, 2052, distance);
        word(page, 2060, distance);
        assertThat(requests.read(new byte[16], 0, 16)).isEqualTo(ByteRing.CORRUPT);
        assertThat(responses.write(new byte[16], 0, 16)).isEqualTo(ByteRing.CORRUPT);
        assertThat(word(page, 2048)).isZero();
        assertThat(word(page, 2060)).isEqualTo(distance);
    }

    @Test
    void shouldAcceptAFullRing() {
        word(page, OUT_CONS, 100);
        word(page, OUT_PROD, 100 + OUT_BYTES);
        assertThat(out.readable()).isEqualTo(OUT_BYTES);
        assertThat(out.read(new byte[4096], 0, 4096)).isEqualTo(OUT_BYTES);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, 3, 1000, Integer.MIN_VALUE})
    void shouldRefuseASizeThatIsNoPositivePowerOfTwo(int size) {
        assertThatIllegalArgumentException().isThrownBy(() -> new ByteRing(page, 0, size, IN_CONS, IN_PROD));
    }

    @Test
    void shouldRefuseBufferAndWordsOutsideTheMemory() {
        assertThatExceptionOfType(IndexOutOfBoundsException.class)
                .isThrownBy(() -> new ByteRing(page, 2049, 2048, IN_CONS, IN_PROD));
        assertThatExceptionOfType(IndexOutOfBoundsException.class)
                .isThrownBy(() -> new ByteRing(page, 0, 1024, 4096, IN_PROD));
        assertThatExceptionOfType(IndexOutOfBoundsException.class)
                .isThrownBy(() -> new ByteRing(page, 0, 1024, IN_CONS, -4));
    }

    @Test
    void shouldLeaveTheRingAloneWhenTheCallersArrayIsTooShort() {
        byte[] five = new byte[5];
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> out.write(five, 2, 4));
        assertThat(out.write(five, 0, 5)).isEqualTo(5);
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> out.read(five, 2, 4));
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> out.read(five, 0, -1));
        assertThat(out.readable()).isEqualTo(5);
    }
}
