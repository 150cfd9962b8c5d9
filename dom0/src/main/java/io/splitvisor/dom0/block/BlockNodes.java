// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.block;

import io.splitvisor.abi.io.Blkif;
import io.splitvisor.abi.io.XenbusState;
import io.splitvisor.dom0.store.StoreGeometry;
import io.splitvisor.xenstore.Permissions;
import io.splitvisor.xenstore.Permissions.Access;
import io.splitvisor.xenstore.Xenstore;
import io.splitvisor.xenstore.XenstoreNodes;
import java.util.LinkedHashMap;
import java.util.Map;

/** Writes and removes the nodes of a virtual disk, as libxl and Linux's back end between them do. */
final class BlockNodes {
    private final Xenstore store;
    private final BlockPaths paths;

    BlockNodes(Xenstore store, BlockPaths paths) {
        this.store = store;
        this.paths = paths;
    }

    /** Writes both ends, the back end in InitWait: it has nothing to wait for. */
    void create(BlockConfig config, Disk disk) {
        Permissions frontend = Permissions.of(
                paths.frontendDomid(), Access.NONE, new Permissions.Entry(paths.backendDomid(), Access.READ));
        Permissions backend = Permissions.of(
                paths.backendDomid(), Access.NONE, new Permissions.Entry(paths.frontendDomid(), Access.READ));
        store.transaction(nodes -> {
            folder(nodes, paths.toolstack(), Permissions.of(0, Access.NONE), toolstackNodes(config));
            folder(nodes, paths.frontend(), frontend, frontendNodes(config));
            folder(nodes, paths.backend(), backend, backendNodes(config, disk));
            return true;
        });
    }

    private static void folder(XenstoreNodes nodes, String path, Permissions permissions, Map<String, Object> values) {
        // What a dead device of the same number may have left does not count.
        nodes.mkdir(path);
        nodes.rm(path);
        nodes.mkdir(path);
        // Nodes made below take these permissions over.
        nodes.setPermissions(path, permissions);
        values.forEach((name, value) -> nodes.write(path + '/' + name, String.valueOf(value)));
    }

    private Map<String, Object> toolstackNodes(BlockConfig config) {
        Map<String, Object> nodes = new LinkedHashMap<>();
        nodes.put("frontend", paths.frontend());
        nodes.put("backend", paths.backend());
        nodes.put("frontend-id", paths.frontendDomid());
        nodes.put("params", config.store().name());
        nodes.put("dev", config.name());
        nodes.put("mode", config.readOnly() ? "r" : "w");
        return nodes;
    }

    private Map<String, Object> frontendNodes(BlockConfig config) {
        Map<String, Object> nodes = new LinkedHashMap<>();
        nodes.put("backend", paths.backend());
        nodes.put("backend-id", paths.backendDomid());
        nodes.put("virtual-device", paths.devid());
        nodes.put("device-type", config.cdrom() ? "cdrom" : "disk");
        nodes.put("trusted", number(config.trusted()));
        nodes.put("state", XenbusState.INITIALISING.code());
        return nodes;
    }

    private Map<String, Object> backendNodes(BlockConfig config, Disk disk) {
        StoreGeometry geometry = config.store().geometry();
        BlockOptions options = config.options();
        Map<String, Object> nodes = new LinkedHashMap<>();
        nodes.put("frontend", paths.frontend());
        nodes.put("frontend-id", paths.frontendDomid());
        nodes.put("params", config.store().name());
        nodes.put("dev", config.name());
        nodes.put("type", "phy");
        nodes.put("device-type", config.cdrom() ? "cdrom" : "disk");
        nodes.put("mode", disk.isReadOnly() ? "r" : "w");
        nodes.put("online", 1);
        nodes.put("removable", 0);
        nodes.put("bootable", 1);
        nodes.put("hotplug-status", "connected");
        nodes.put("feature-persistent", number(options.persistent()));
        if (options.maxIndirectSegments() > 0) {
            nodes.put("feature-max-indirect-segments", options.maxIndirectSegments());
        }
        nodes.put("max-ring-page-order", options.maxRingPageOrder());
        nodes.put("multi-queue-max-queues", options.maxQueues());
        nodes.put("feature-flush-cache", number(disk.offersFlush()));
        nodes.put("feature-barrier", number(disk.offersFlush()));
        nodes.put("feature-discard", number(disk.offersDiscard()));
        if (disk.offersDiscard()) {
            nodes.put("discard-granularity", geometry.physicalSectorSize());
            nodes.put("discard-alignment", 0);
            nodes.put("discard-secure", 0);
        }
        nodes.put("sectors", geometry.sectors());
        nodes.put("sector-size", geometry.sectorSize());
        nodes.put("physical-sector-size", geometry.physicalSectorSize());
        nodes.put("info", (config.cdrom() ? Blkif.VDISK_CDROM : 0) | (disk.isReadOnly() ? Blkif.VDISK_READONLY : 0));
        nodes.put("state", XenbusState.INIT_WAIT.code());
        return nodes;
    }

    private static int number(boolean yes) {
        return yes ? 1 : 0;
    }

    /** The store cannot flush after all. */
    void withdrawFlush() {
        store.transaction(nodes -> {
            if (nodes.exists(paths.backend())) {
                nodes.write(paths.backend() + "/feature-flush-cache", "0");
                nodes.write(paths.backend() + "/feature-barrier", "0");
            }
            return true;
        });
    }

    /** Removes everything, and folders that are empty then. */
    void remove() {
        store.transaction(nodes -> {
            for (String path : new String[] {paths.backend(), paths.frontend(), paths.toolstack(), paths.error()}) {
                if (nodes.exists(path)) {
                    nodes.rm(path);
                }
            }
            removeIfEmpty(nodes, parent(paths.backend()));
            removeIfEmpty(nodes, parent(paths.toolstack()));
            removeIfEmpty(nodes, parent(paths.error()));
            return true;
        });
    }

    private static void removeIfEmpty(XenstoreNodes nodes, String path) {
        if (nodes.exists(path) && nodes.list(path).isEmpty()) {
            nodes.rm(path);
        }
    }

    private static String parent(String path) {
        return path.substring(0, path.lastIndexOf('/'));
    }
}
