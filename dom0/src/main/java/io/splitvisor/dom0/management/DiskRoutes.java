// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.management;

import io.splitvisor.dom0.config.DiskConfig;
import io.splitvisor.dom0.config.VirtualDevice;
import io.splitvisor.dom0.toolstack.BlockInfo;
import io.splitvisor.dom0.toolstack.Toolstack;
import io.splitvisor.dom0.toolstack.ToolstackException;
import io.splitvisor.dom0.toolstack.ToolstackException.Kind;
import java.util.List;

/** Disks of domains. */
final class DiskRoutes {
    private final Toolstack toolstack;

    DiskRoutes(Toolstack toolstack) {
        this.toolstack = toolstack;
    }

    /** Paths of a domain's disks. */
    Reply answer(Request request, int domid, List<String> rest) {
        if (!rest.isEmpty()) {
            return Routes.allow(request, "DELETE", () -> {
                String vdev = rest.getFirst();
                detach(request, domid, vdev);
                return Routes.done(request);
            });
        }
        if (request.method().equals("POST")) {
            return attach(request, domid);
        }
        return Routes.allow(request, "GET", () -> {
            List<BlockInfo> disks = toolstack.blockList(domid);
            return request.text()
                    ? Reply.text(Tables.blockRows(disks))
                    : Reply.json(200, disks.stream().map(JsonForms::block).toList());
        });
    }

    /** What is not there is called as the user calls it. */
    private void detach(Request request, int domid, String vdev) {
        int devid = VirtualDevice.number(vdev).orElseThrow(() -> noDevice(vdev));
        try {
            toolstack.blockDetach(domid, devid, request.flag("force"));
        } catch (ToolstackException e) {
            throw e.kind() == Kind.NO_SUCH_DEVICE ? noDevice(vdev) : e;
        }
    }

    /** The disks of the domains that a request names, or of all. */
    Reply all(Request request) {
        List<BlockInfo> disks = Routes.chosen(toolstack, request).stream()
                .flatMap(domain -> toolstack.blockList(domain.domid()).stream())
                .toList();
        return request.text()
                ? Reply.text(Tables.blockHead() + Tables.blockRows(disks))
                : Reply.json(200, disks.stream().map(JsonForms::block).toList());
    }

    private Reply attach(Request request, int domid) {
        DiskConfig disk;
        try {
            disk = DiskConfig.parse(request.strings("spec"), request.folder("folder"));
        } catch (IllegalArgumentException e) {
            throw new ToolstackException(Kind.BAD_CONFIG, "disk: " + e.getMessage(), e);
        }
        int devid = toolstack.blockAttach(domid, disk);
        String location = "/v1/domains/" + domid + "/disks/" + devid;
        String body = request.text() ? "" : Json.pretty(Json.object("devid", devid, "disk", JsonForms.disk(disk)));
        return new Reply.Whole(201, request.text(), body, location, () -> {});
    }

    private static ToolstackException noDevice(String vdev) {
        return new ToolstackException(Kind.NO_SUCH_DEVICE, "Error: Device " + vdev + " not connected.");
    }
}
