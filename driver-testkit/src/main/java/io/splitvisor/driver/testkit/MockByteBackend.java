// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import io.splitvisor.backend.EventChannel;
import io.splitvisor.backend.GrantMappings;
import io.splitvisor.backend.RingWorker;
import io.splitvisor.driver.ByteProtocol;
import io.splitvisor.driver.Field;
import io.splitvisor.ring.ByteRing;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;

/**
 * A back end of bytes made by hand, which can do everything that a well-behaved one would not. By itself it does nothing,
 * unless it was told to {@link #serve}: then it takes what comes.
 */
public final class MockByteBackend extends MockBack {
    private final ByteProtocol protocol;
    private final ByteArrayOutputStream taken = new ByteArrayOutputStream();
    private Rings rings;
    private boolean serving;

    /** A back end without a device. */
    public MockByteBackend(TestBackendDomain domain, TestGuest guest, ByteProtocol protocol, int devid) {
        super(domain, guest, protocol, devid);
        this.protocol = protocol;
    }

    /** What it speaks. */
    public ByteProtocol protocol() {
        return protocol;
    }

    @Override
    void use(GrantMappings connection) {
        rings = new Rings(connection.mapRing(peer().readUnsigned("ring-ref")));
        rings.channel = domain().bind(frontendDomid(), peer().readUnsigned(protocol.portNode()), rings);
    }

    @Override
    void leave() {
        if (rings != null) {
            domain().loop(frontendDomid()).forget(rings);
            rings.channel.close();
            rings.closed = true;
            rings.pages.close();
            rings = null;
        }
    }

    @Override
    public void serve() {
        serving = true;
        if (rings != null) {
            domain().loop(frontendDomid()).wake(rings);
        }
    }

    @Override
    public void hold() {
        serving = false;
    }

    @Override
    public void kick() {
        if (rings != null) {
            rings.channel.send();
        }
    }

    /** Everything that it took, over all connections. */
    public byte[] taken() {
        return taken.toByteArray();
    }

    /** Bytes that can be taken. */
    public int available() {
        return rings == null
                ? 0
                : Math.max(0, protocol.toBackend().ring(rings.memory(), 0).readable());
    }

    /** Takes so many bytes at most; how many there were. */
    public int take(int most) {
        return rings == null ? 0 : rings.take(most);
    }

    /** Writes, and notifies the front end; how many bytes there was room for. */
    public int write(byte... bytes) {
        int count = protocol.toFrontend().ring(rings.memory(), 0).write(bytes, 0, bytes.length);
        kick();
        return count;
    }

    /** Sets an index of the page, to anything. */
    public void index(Field.U32 index, int value) {
        index.set(rings.memory(), 0, value);
    }

    private final class Rings implements RingWorker {
        private final GrantMappings.RingPages pages;
        private EventChannel channel;

        /** An event that was on its way may still wake it. */
        private boolean closed;

        private Rings(GrantMappings.RingPages pages) {
            this.pages = pages;
        }

        private MemorySegment memory() {
            return pages.segment();
        }

        private int take(int most) {
            ByteRing ring = protocol.toBackend().ring(memory(), 0);
            byte[] bytes = new byte[Math.min(most, ring.size())];
            int count = Math.max(0, ring.read(bytes, 0, bytes.length));
            taken.write(bytes, 0, count);
            if (count > 0) {
                channel.send();
            }
            return count;
        }

        @Override
        public int serve() {
            return serving && !closed ? take(Integer.MAX_VALUE) : 0;
        }

        @Override
        public boolean arm() {
            return serving && !closed && protocol.toBackend().ring(memory(), 0).readable() > 0;
        }

        @Override
        public void failed(RuntimeException cause) {
            throw new AssertionError("the mock failed", cause);
        }
    }
}
