// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.frontend;

import io.splitvisor.abi.XenErrno;
import io.splitvisor.driver.DeviceProtocol;
import io.splitvisor.driver.Feature;
import io.splitvisor.driver.FeatureValues;
import io.splitvisor.driver.Protocol;
import io.splitvisor.xenbus.XenbusException;
import io.splitvisor.xenbus.XenbusNode;
import io.splitvisor.xenstore.Xenstore;
import io.splitvisor.xenstore.XenstoreNodes;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * How a front end wants to be connected, within what the back end offers; and the nodes that say so.
 *
 * @param order two to the power of this many pages for each ring
 * @param queues how many rings
 */
record RingOffer(DeviceProtocol protocol, FeatureValues features, int order, int queues) {
    /** The layout that every front end in Java has. */
    private static final String NATIVE = "x86_64-abi";

    /** @throws XenbusException EINVAL if the back end offers what makes no sense, or speaks another version */
    static RingOffer of(DeviceProtocol protocol, FrontendSettings settings, XenbusNode backend) {
        checkVersion(protocol, backend);
        int theirOrder = backend.readUnsigned("max-ring-page-order", 0);
        int order = Math.min(settings.ringPageOrder(), theirOrder < 0 ? Integer.MAX_VALUE : theirOrder);
        int theirQueues = backend.readUnsigned("multi-queue-max-queues", 1);
        int queues = Math.min(settings.queues(), theirQueues < 0 ? Integer.MAX_VALUE : Math.max(1, theirQueues));
        return new RingOffer(
                protocol,
                agreed(protocol, settings, backend),
                Math.min(order, protocol.ringPageOrder()),
                Math.min(queues, protocol.queues()));
    }

    private static void checkVersion(DeviceProtocol protocol, XenbusNode backend) {
        if (protocol.version() == 0) {
            return;
        }
        String versions = backend.read("versions");
        String ours = Integer.toString(protocol.version());
        if (versions == null || !List.of(versions.split(",", -1)).contains(ours)) {
            throw new XenbusException(
                    XenErrno.EINVAL, "the back end does not speak " + protocol.type() + " version " + ours);
        }
    }

    /** @throws XenbusException EINVAL if the back end's value of a feature is none */
    static FeatureValues agreed(DeviceProtocol protocol, FrontendSettings settings, XenbusNode backend) {
        Map<Feature, Long> values = new HashMap<>();
        for (Feature feature : protocol.features()) {
            long theirs =
                    switch (feature) {
                        case Feature.Flag flag -> backend.readNumber(flag.name(), 0, Long.MAX_VALUE, 0) == 0 ? 0 : 1;
                        case Feature.Numeric number ->
                            backend.readNumber(
                                    number.name(),
                                    number.smallest(),
                                    number.largest(),
                                    number.required() ? XenbusNode.REQUIRED : number.smallest());
                    };
            values.put(feature, Math.min(theirs, settings.wanted(feature)));
        }
        return new FeatureValues(values);
    }

    /** Writes everything that the back end has to know, and removes what an earlier connection had and this one has not. */
    void write(Xenstore store, XenbusNode own, List<RingPages> rings) {
        store.transaction(nodes -> {
            write(nodes, own, rings);
            return true;
        });
    }

    private void write(XenstoreNodes nodes, XenbusNode own, List<RingPages> rings) {
        boolean several = rings.size() > 1;
        writeOrRemove(nodes, own, "multi-queue-num-queues", several ? rings.size() : null);
        writeOrRemove(nodes, own, "ring-page-order", order > 0 ? order : null);
        for (int i = 0; i < rings.size(); i++) {
            write(nodes, own, several ? "queue-" + i + '/' : "", rings.get(i));
        }
        writeOrRemove(nodes, own, "protocol", protocol instanceof Protocol ? NATIVE : null);
        writeOrRemove(nodes, own, "version", protocol.version() > 0 ? protocol.version() : null);
        for (Feature feature : protocol.features()) {
            if (feature.teller() == Feature.Teller.BOTH) {
                writeOrRemove(nodes, own, feature.name(), features.value(feature));
            }
        }
    }

    private void write(XenstoreNodes nodes, XenbusNode own, String prefix, RingPages ring) {
        if (order > 0) {
            for (int page = 0; page < ring.refs().length; page++) {
                writeOrRemove(nodes, own, prefix + "ring-ref" + page, ring.refs()[page]);
            }
        } else {
            writeOrRemove(nodes, own, prefix + "ring-ref", ring.refs()[0]);
        }
        writeOrRemove(nodes, own, prefix + protocol.portNode(), ring.port());
    }

    private static void writeOrRemove(XenstoreNodes nodes, XenbusNode own, String name, Object value) {
        if (value != null) {
            nodes.write(own.path(name), value.toString());
        } else if (nodes.exists(own.path(name))) {
            nodes.rm(own.path(name));
        }
    }
}
