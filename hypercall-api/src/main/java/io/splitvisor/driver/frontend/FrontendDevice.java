// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.frontend;

import io.splitvisor.driver.DeviceProtocol;
import io.splitvisor.driver.FeatureValues;
import io.splitvisor.frontend.FrontendDomain;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * A device of this domain. It connects by itself, and connects again when its back end goes away and comes back: callers only
 * notice that it takes longer. Thread-safe.
 */
public abstract sealed class FrontendDevice implements AutoCloseable permits Frontend, ByteFrontend {
    private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(5);

    private final DeviceProtocol protocol;
    private final int devid;
    private FrontendEnd end;

    FrontendDevice(DeviceProtocol protocol, int devid) {
        this.protocol = protocol;
        this.devid = devid;
    }

    /** Says who connects it. Once. */
    final void connectBy(FrontendEnd by) {
        end = by;
    }

    final FrontendEnd end() {
        return end;
    }

    /** The numbers of this domain's devices of a type. */
    public static List<Integer> list(FrontendDomain domain, String type) {
        String folder = "device/" + type;
        if (!domain.store().exists(folder)) {
            return List.of();
        }
        return domain.store().list(folder).stream()
                .filter(name -> name.matches("[0-9]{1,9}"))
                .map(Integer::valueOf)
                .sorted()
                .toList();
    }

    /** @throws CallException GONE if there is no such device */
    static void require(FrontendDomain domain, DeviceProtocol protocol, int devid) {
        if (domain.store().readIfPresent("device/" + protocol.type() + '/' + devid + "/backend") == null) {
            throw new CallException(
                    CallException.Kind.GONE, "this domain has no device " + protocol.type() + ' ' + devid);
        }
    }

    /** Waits until it is connected; closes it if it is not in time. */
    final void awaitOrClose(Duration timeout) {
        boolean connected = false;
        try {
            awaitConnected(timeout);
            connected = true;
        } finally {
            if (!connected) {
                close(Duration.ZERO);
            }
        }
    }

    /**
     * Waits until it is connected.
     *
     * @throws CallException TIMEOUT if the back end does not come in time, GONE if it will not
     */
    public final void awaitConnected(Duration timeout) {
        end.awaitConnected(timeout);
    }

    /** Whether it is connected at this moment. */
    public final boolean isConnected() {
        return end.isConnected();
    }

    /** The device's type. */
    public final String type() {
        return protocol.type();
    }

    /** The device's number in xenstore. */
    public final int devid() {
        return devid;
    }

    /** What was agreed with the back end when it connected last; null before it has. */
    public final FeatureValues features() {
        return end.features();
    }

    /** A node in the back end's folder as it is now: any text that the back end likes, or null. */
    public final String backendNode(String name) {
        return end.backend().read(name);
    }

    /** Disconnects. What is in flight gets a few seconds; what comes later fails with GONE. */
    @Override
    public void close() {
        close(CLOSE_PATIENCE);
    }

    /**
     * Disconnects.
     *
     * @param limit how long what is in flight may take
     */
    public void close(Duration limit) {
        end.close(limit);
    }

    /** As above, without waiting. */
    public final CompletableFuture<Void> closeSoon(Duration limit) {
        return end.closeSoon(limit);
    }

    @Override
    public final String toString() {
        return protocol.type() + ' ' + devid;
    }
}
