// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.frontend;

import io.splitvisor.driver.ByteProtocol;
import io.splitvisor.frontend.FrontendDomain;
import java.time.Duration;

/** A device of this domain that exchanges bytes ({@link FrontendDevice}). Thread-safe. */
public final class ByteFrontend extends FrontendDevice {
    private final FrontBytes bytes;

    private ByteFrontend(FrontendDomain domain, ByteProtocol protocol, int devid, FrontendSettings settings) {
        super(protocol, devid);
        this.bytes = new FrontBytes(toString());
        connectBy(new FrontendEnd(this, domain, new ByteTraffic(domain, protocol, bytes), settings));
    }

    /**
     * Begins to connect to a device. Bytes that are written before it is connected wait for that.
     *
     * @param devid its number in xenstore
     * @param settings queues, ring pages and the line limit mean nothing for bytes
     * @throws CallException GONE if there is no such device
     */
    public static ByteFrontend open(
            FrontendDomain domain, ByteProtocol protocol, int devid, FrontendSettings settings) {
        require(domain, protocol, devid);
        ByteFrontend frontend = new ByteFrontend(domain, protocol, devid, settings);
        frontend.end().start();
        return frontend;
    }

    /**
     * As above, and waits until it is connected.
     *
     * @throws CallException TIMEOUT if the back end does not come in time, GONE if there is no such device
     */
    public static ByteFrontend open(
            FrontendDomain domain, ByteProtocol protocol, int devid, FrontendSettings settings, Duration timeout) {
        ByteFrontend frontend = open(domain, protocol, devid, settings);
        frontend.awaitOrClose(timeout);
        return frontend;
    }

    /** The two streams, which go on over as many connections as it takes. */
    public FrontBytes bytes() {
        return bytes;
    }
}
