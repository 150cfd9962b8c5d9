// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.frontend;

import io.splitvisor.driver.ByteProtocol;
import io.splitvisor.frontend.FrontendDomain;
import java.util.List;

/** The bytes of a front end, in the rings of one page. */
record ByteTraffic(FrontendDomain domain, ByteProtocol protocol, FrontBytes bytes) implements Traffic {
    @Override
    public RingPages newRing(int index, int backendDomid, int pages) {
        return new RingPages(domain, backendDomid, pages, bytes::upcall);
    }

    @Override
    public void connect(List<RingPages> rings, Link link) {
        RingPages ring = rings.getFirst();
        bytes.connect(protocol, ring.segment(), ring::send);
    }

    @Override
    public void pause() {
        bytes.pause();
    }

    @Override
    public void goOn() {
        bytes.goOn();
    }

    @Override
    public boolean isQuiet() {
        return bytes.isQuiet();
    }

    @Override
    public boolean disconnect() {
        return bytes.disconnect();
    }

    @Override
    public void close() {
        bytes.close();
    }

    @Override
    public long progress() {
        return bytes.moved();
    }
}
