// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.backend;

import io.splitvisor.abi.XenErrno;
import io.splitvisor.driver.DeviceProtocol;
import io.splitvisor.driver.Feature;
import io.splitvisor.driver.FeatureValues;
import io.splitvisor.xenbus.XenbusException;
import io.splitvisor.xenbus.XenbusNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What a front end wrote into its folder: how it wants to be connected. Checked against what was offered to it.
 *
 * @param layout of its requests; null where bytes are exchanged
 * @param features that both ends want
 * @param rings at least one
 */
record FrontendOffer(SlotLayout layout, FeatureValues features, List<Ring> rings) {
    /**
     * One ring.
     *
     * @param refs grant references of its pages
     * @param port event channel that the front end listens to
     */
    record Ring(int[] refs, int port) {}

    /** @throws XenbusException EINVAL or ENOSYS if something is missing, malformed or more than was offered */
    static FrontendOffer read(XenbusNode frontend, DeviceDriver driver, Offer offer) {
        checkVersion(frontend, driver.protocol());
        SlotLayout layout =
                switch (driver) {
                    case BackendDriver requests -> layout(frontend, requests);
                    case ByteDriver _ -> null;
                };
        Map<Feature, Long> features = new HashMap<>();
        for (Feature feature : driver.protocol().features()) {
            features.put(feature, agreed(frontend, feature, offer.value(feature)));
        }
        int queues = frontend.readUnsigned("multi-queue-num-queues", 1);
        if (queues < 1 || queues > offer.queues()) {
            throw new XenbusException(
                    XenErrno.EINVAL,
                    "guest requested " + Integer.toUnsignedString(queues) + " queues, exceeding the maximum of "
                            + offer.queues());
        }
        int pages = ringPages(frontend, offer);
        String port = driver.protocol().portNode();
        List<Ring> rings = new ArrayList<>();
        if (queues == 1) {
            rings.add(ring(frontend, "", pages, port));
        } else {
            for (int i = 0; i < queues; i++) {
                rings.add(ring(frontend, "queue-" + i + '/', pages, port));
            }
        }
        return new FrontendOffer(layout, new FeatureValues(features), List.copyOf(rings));
    }

    private static void checkVersion(XenbusNode frontend, DeviceProtocol protocol) {
        if (protocol.version() == 0) {
            return;
        }
        String version = frontend.read("version");
        if (!Integer.toString(protocol.version()).equals(version)) {
            throw new XenbusException(
                    XenErrno.EINVAL,
                    "the front end speaks " + protocol.type() + " version "
                            + (version == null ? "nothing" : printable(version)) + ", and this end version "
                            + protocol.version());
        }
    }

    private static SlotLayout layout(XenbusNode frontend, BackendDriver driver) {
        String name = frontend.read("protocol");
        return driver.layout(name)
                .orElseThrow(() ->
                        new XenbusException(XenErrno.ENOSYS, "unknown fe protocol " + printable(String.valueOf(name))));
    }

    /** A guest's text, short and without control characters, as it may go into logs. */
    private static String printable(String text) {
        String shortened = text.length() > 32 ? text.substring(0, 32) + "..." : text;
        return shortened.replaceAll("[^ -~]", "?");
    }

    private static long agreed(XenbusNode frontend, Feature feature, long offered) {
        if (feature.teller() == Feature.Teller.BACKEND) {
            return offered;
        }
        long theirs =
                switch (feature) {
                    case Feature.Flag flag -> frontend.readNumber(flag.name(), 0, Long.MAX_VALUE, 0) == 0 ? 0 : 1;
                    case Feature.Numeric number ->
                        frontend.readNumber(
                                number.name(),
                                number.smallest(),
                                number.largest(),
                                number.required() ? XenbusNode.REQUIRED : number.smallest());
                };
        return Math.min(offered, theirs);
    }

    /** Pages of a ring; 0 means one, in the old way of naming it. */
    private static int ringPages(XenbusNode frontend, Offer offer) {
        if (frontend.read("ring-page-order") == null) {
            return 0;
        }
        int order = frontend.readUnsigned("ring-page-order");
        if (Integer.compareUnsigned(order, offer.ringPageOrder()) > 0) {
            throw new XenbusException(
                    XenErrno.EINVAL,
                    "request " + Integer.toUnsignedString(order) + " ring page order exceed max:"
                            + offer.ringPageOrder());
        }
        return 1 << order;
    }

    private static Ring ring(XenbusNode frontend, String prefix, int pages, String portNode) {
        int port = frontend.readUnsigned(prefix + portNode);
        if (pages == 0) {
            return new Ring(new int[] {frontend.readUnsigned(prefix + "ring-ref")}, port);
        }
        int[] refs = new int[pages];
        for (int i = 0; i < pages; i++) {
            refs[i] = frontend.readUnsigned(prefix + "ring-ref" + i);
        }
        return new Ring(refs, port);
    }
}
