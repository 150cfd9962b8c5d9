// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import io.splitvisor.driver.ByteProtocol;
import io.splitvisor.driver.ByteStream;
import io.splitvisor.driver.Field;
import io.splitvisor.ring.ByteRing;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * A front end of bytes made by hand, which can do everything that a well-behaved one would not. It does nothing by itself but
 * count events.
 */
public final class MockByteFrontend extends MockFront {
    private final ByteProtocol protocol;
    private MemorySegment memory;

    /**
     * A front end that has not said anything yet.
     *
     * @param devid the number of a device that a back end has attached, or will
     */
    public MockByteFrontend(TestGuest guest, ByteProtocol protocol, int devid) {
        super(guest.newFrontend(), protocol, devid);
        this.protocol = protocol;
    }

    /** What it speaks. */
    public ByteProtocol protocol() {
        return protocol;
    }

    @Override
    void use(MemorySegment page) {
        memory = page;
    }

    /** The ring that this end writes. */
    public ByteRing out() {
        return protocol.toBackend().ring(memory, 0);
    }

    /** The ring that this end reads. */
    public ByteRing in() {
        return protocol.toFrontend().ring(memory, 0);
    }

    /** Writes, and notifies the back end; how many bytes there was room for. */
    public int write(byte... bytes) {
        int count = out().write(bytes, 0, bytes.length);
        kick();
        return count;
    }

    /** Takes what there is to read, and notifies the back end. */
    public byte[] read() {
        byte[] bytes = new byte[in().size()];
        int count = Math.max(0, in().read(bytes, 0, bytes.length));
        kick();
        return Arrays.copyOf(bytes, count);
    }

    /** Sets an index of the page, to anything. */
    public void index(Field.U32 index, int value) {
        index.set(memory, 0, value);
    }

    /** An index of the page. */
    public int index(Field.U32 index) {
        return index.get(memory, 0);
    }

    /** Sets both indices of a stream. */
    public void indices(ByteStream stream, int consumer, int producer) {
        index(stream.consumer(), consumer);
        index(stream.producer(), producer);
    }
}
