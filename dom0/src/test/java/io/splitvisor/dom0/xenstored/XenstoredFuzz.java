// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.xenstored;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.splitvisor.xenstore.XsWire;
import java.lang.foreign.MemorySegment;

/**
 * Targets for a search by coverage. Not part of the build, because the tool's agent would slow down every other test in the
 * JVM: {@code JAZZER_FUZZ=1 mvn test -pl dom0 -am -Dtest=XenstoredFuzz#fuzzRequests -Dsurefire.failIfNoSpecifiedTests=false}.
 */
class XenstoredFuzz {
    @FuzzTest
    void fuzzRequests(byte[] data) {
        FuzzWorld world = new FuzzWorld();
        int at = 0;
        while (at < data.length && world.guest().word(XsWire.ERROR) == XsWire.ERROR_NONE) {
            int count = Math.min(data.length - at, XsWire.RING_SIZE);
            byte[] piece = new byte[count];
            System.arraycopy(data, at, piece, 0, count);
            int sent = world.guest().sendRaw(piece);
            if (sent <= 0) {
                break;
            }
            at += sent;
            if (world.guest().word(XsWire.ERROR) == XsWire.ERROR_NONE) {
                world.guest().receive();
            }
        }
        world.verify();
    }

    @FuzzTest
    void fuzzPage(byte[] data) {
        FuzzWorld world = new FuzzWorld();
        int length = Math.min(data.length, 4096);
        MemorySegment.copy(MemorySegment.ofArray(data), 0, world.guest().page(), 0, length);
        world.guest().signal();
        world.verify();
    }
}
