// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import io.splitvisor.abi.io.XenbusState;
import io.splitvisor.driver.DeviceProtocol;
import io.splitvisor.driver.Feature;
import io.splitvisor.xenbus.XenbusException;
import io.splitvisor.xenbus.XenbusNode;
import io.splitvisor.xenstore.Xenstore;

/** What the mock peers of both ends have in common: a protocol, a folder, and the other end's. */
abstract sealed class MockPeer permits MockFront, MockBack {
    private final DeviceProtocol protocol;
    private final XenbusNode own;
    private final XenbusNode peer;
    private final Xenstore store;

    MockPeer(DeviceProtocol protocol, Xenstore store, String own, String peer) {
        this.protocol = protocol;
        this.store = store;
        this.own = new XenbusNode(store, own);
        this.peer = new XenbusNode(store, peer);
    }

    static String frontFolder(DeviceProtocol protocol, int domid, int devid) {
        return "/local/domain/" + domid + "/device/" + protocol.type() + '/' + devid;
    }

    static String backFolder(DeviceProtocol protocol, int domid, int devid) {
        return "/local/domain/0/backend/" + protocol.type() + '/' + domid + '/' + devid;
    }

    /** What it speaks, of whatever kind. */
    final DeviceProtocol declared() {
        return protocol;
    }

    /** Its folder. */
    public final XenbusNode own() {
        return own;
    }

    /** The other end's folder. */
    public final XenbusNode peer() {
        return peer;
    }

    final Xenstore store() {
        return store;
    }

    /** Writes any value into a node of its folder. */
    public final void write(String node, Object value) {
        own.write(node, value);
    }

    /** Removes a node of its folder. */
    public final void remove(String node) {
        store.rm(own.path(node));
    }

    /** Changes its state, whatever that leads to. */
    public final void state(XenbusState state) {
        own.write("state", state.code());
    }

    /** The state in its folder; Unknown for none and for garbage. */
    public final XenbusState state() {
        return stateOf(own);
    }

    /** The other end's state; Unknown for none and for garbage. */
    public final XenbusState peerState() {
        return stateOf(peer);
    }

    private static XenbusState stateOf(XenbusNode node) {
        try {
            return node.state();
        } catch (XenbusException e) {
            return XenbusState.UNKNOWN;
        }
    }

    /** Says what the declaration lets this end say. */
    final void writeFeatures(String versionNode, boolean both) {
        if (protocol.version() > 0) {
            own.write(versionNode, protocol.version());
        }
        for (Feature feature : protocol.features()) {
            if (both || feature.teller() == Feature.Teller.BOTH) {
                own.write(feature.name(), offered(feature));
            }
        }
    }

    private static long offered(Feature feature) {
        return switch (feature) {
            case Feature.Flag flag -> flag.offered() ? 1 : 0;
            case Feature.Numeric number -> number.offered();
        };
    }
}
