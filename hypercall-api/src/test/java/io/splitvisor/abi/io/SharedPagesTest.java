// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.io;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.ring.ByteRing;
import io.splitvisor.xenstore.XsWire;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** The console page and the xenstore page: each ring moves its own bytes and its own indices. */
class SharedPagesTest {
    private static final long AT = 4096;

    private final MemorySegment memory = Arena.ofAuto().allocate(3 * 4096, 4096);

    @Test
    void shouldFindTheConsoleRingToTheGuest() {
        assertRing(
                XenconsInterface.in(memory, AT),
                XenconsInterface.IN.offset(),
                XenconsInterface.IN_CONS.offset(),
                XenconsInterface.IN_PROD.offset(),
                1024);
    }

    @Test
    void shouldFindTheConsoleRingFromTheGuest() {
        assertRing(
                XenconsInterface.out(memory, AT),
                XenconsInterface.OUT.offset(),
                XenconsInterface.OUT_CONS.offset(),
                XenconsInterface.OUT_PROD.offset(),
                2048);
    }

    @Test
    void shouldFindTheXenstoreRingFromTheGuest() {
        assertRing(
                XenstoreDomainInterface.req(memory, AT),
                XenstoreDomainInterface.REQ,
                XenstoreDomainInterface.REQ_CONS,
                XenstoreDomainInterface.REQ_PROD,
                1024);
    }

    @Test
    void shouldFindTheXenstoreRingToTheGuest() {
        assertRing(
                XenstoreDomainInterface.rsp(memory, AT),
                XenstoreDomainInterface.RSP,
                XenstoreDomainInterface.RSP_CONS,
                XenstoreDomainInterface.RSP_PROD,
                1024);
    }

    @Test
    void shouldKeepTheXenstoreWordsApart() {
        XenstoreDomainInterface.serverFeaturesRelease(memory, AT, XsWire.FEATURE_RECONNECTION);
        XenstoreDomainInterface.connectionRelease(memory, AT, XsWire.RECONNECT);
        XenstoreDomainInterface.errorRelease(memory, AT, XsWire.ERROR_PROTO);
        assertThat(XenstoreDomainInterface.serverFeaturesAcquire(memory, AT)).isEqualTo(1);
        assertThat(XenstoreDomainInterface.connectionAcquire(memory, AT)).isEqualTo(1);
        assertThat(XenstoreDomainInterface.errorAcquire(memory, AT)).isEqualTo(3);
        assertThat(memory.get(ValueLayout.JAVA_INT, AT + 2064)).isEqualTo(1);
        assertThat(memory.get(ValueLayout.JAVA_INT, AT + 2068)).isEqualTo(1);
        assertThat(memory.get(ValueLayout.JAVA_INT, AT + 2072)).isEqualTo(3);
    }

    @Test
    void shouldResetIndicesAndNothingElse() {
        memory.fill((byte) 0x5a);
        XenstoreDomainInterface.resetIndices(memory, AT);
        byte[] expected = new byte[(int) memory.byteSize()];
        Arrays.fill(expected, (byte) 0x5a);
        Arrays.fill(expected, (int) AT + 2048, (int) AT + 2064, (byte) 0);
        assertThat(memory.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(expected);
    }

    private void assertRing(ByteRing ring, long buffer, long consumer, long producer, int size) {
        assertThat(ring.size()).isEqualTo(size);
        byte[] text = "hello".getBytes(StandardCharsets.US_ASCII);
        assertThat(ring.write(text, 0, 5)).isEqualTo(5);
        byte[] expected = new byte[(int) memory.byteSize()];
        System.arraycopy(text, 0, expected, (int) (AT + buffer), 5);
        expected[(int) (AT + producer)] = 5;
        assertThat(memory.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(expected);
        assertThat(ring.read(new byte[5], 0, 5)).isEqualTo(5);
        expected[(int) (AT + consumer)] = 5;
        assertThat(memory.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(expected);
    }
}
