// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.block;

import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.io.BlkifProtocol;
import io.splitvisor.xenbus.XenbusException;
import io.splitvisor.xenbus.XenbusNode;
import java.util.ArrayList;
import java.util.List;

/**
 * What a front end wrote into its folder: how it wants to be connected. Checked against what was offered to it.
 *
 * @param protocol layout of its requests
 * @param persistent whether it uses its grants again and again
 * @param rings at least one
 */
record FrontendOffer(BlkifProtocol protocol, boolean persistent, List<Ring> rings) {
    /**
     * One ring.
     *
     * @param refs grant references of its pages
     * @param port event channel that the front end listens to
     */
    record Ring(int[] refs, int port) {}

    /** @throws XenbusException EINVAL or ENOSYS if something is missing, malformed or more than was offered */
    static FrontendOffer read(XenbusNode frontend, BlockOptions options) {
        BlkifProtocol protocol = protocol(frontend);
        boolean persistent = options.persistent() && frontend.readUnsigned("feature-persistent", 0) != 0;
        int queues = frontend.readUnsigned("multi-queue-num-queues", 1);
        if (queues < 1 || queues > options.maxQueues()) {
            throw new XenbusException(
                    XenErrno.EINVAL,
                    "guest requested " + Integer.toUnsignedString(queues) + " queues, exceeding the maximum of "
                            + options.maxQueues());
        }
        int pages = ringPages(frontend, options);
        List<Ring> rings = new ArrayList<>();
        if (queues == 1) {
            rings.add(ring(frontend, "", pages));
        } else {
            for (int i = 0; i < queues; i++) {
                rings.add(ring(frontend, "queue-" + i + '/', pages));
            }
        }
        return new FrontendOffer(protocol, persistent, List.copyOf(rings));
    }

    private static BlkifProtocol protocol(XenbusNode frontend) {
        String name = frontend.read("protocol");
        if (name == null) {
            return BlkifProtocol.X86_64;
        }
        return BlkifProtocol.named(name)
                .orElseThrow(() -> new XenbusException(XenErrno.ENOSYS, "unknown fe protocol " + printable(name)));
    }

    /** A guest's text, short and without control characters, as it may go into logs. */
    private static String printable(String text) {
        String shortened = text.length() > 32 ? text.substring(0, 32) + "..." : text;
        return shortened.replaceAll("[^ -~]", "?");
    }

    /** Pages of a ring; 0 means one, in the old way of naming it. */
    private static int ringPages(XenbusNode frontend, BlockOptions options) {
        if (frontend.read("ring-page-order") == null) {
            return 0;
        }
        int order = frontend.readUnsigned("ring-page-order");
        if (Integer.compareUnsigned(order, options.maxRingPageOrder()) > 0) {
            throw new XenbusException(
                    XenErrno.EINVAL,
                    "request " + Integer.toUnsignedString(order) + " ring page order exceed max:"
                            + options.maxRingPageOrder());
        }
        return 1 << order;
    }

    private static Ring ring(XenbusNode frontend, String prefix, int pages) {
        int port = frontend.readUnsigned(prefix + "event-channel");
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
