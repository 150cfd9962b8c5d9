// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.backend;

import io.splitvisor.abi.io.XenbusState;
import io.splitvisor.driver.DeviceProtocol;
import io.splitvisor.driver.Feature;
import io.splitvisor.xenstore.Permissions;
import io.splitvisor.xenstore.Permissions.Access;
import io.splitvisor.xenstore.Xenstore;
import io.splitvisor.xenstore.XenstoreNodes;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** Writes and removes the nodes of a device, as libxl and Linux's back ends between them do. */
final class DeviceNodes {
    private final Xenstore store;
    private final DevicePaths paths;

    DeviceNodes(Xenstore store, DevicePaths paths) {
        this.store = store;
        this.paths = paths;
    }

    /** Writes both ends, the back end in InitWait: it has nothing to wait for but the front end. */
    void create(DeviceConfig config, Offer offer) {
        Permissions frontend = Permissions.of(
                paths.frontendDomid(), Access.NONE, new Permissions.Entry(paths.backendDomid(), Access.READ));
        Permissions backend = Permissions.of(
                paths.backendDomid(), Access.NONE, new Permissions.Entry(paths.frontendDomid(), Access.READ));
        store.transaction(nodes -> {
            folder(nodes, paths.toolstack(), Permissions.of(0, Access.NONE), toolstackNodes(config));
            folder(nodes, paths.frontend(), frontend, frontendNodes(config));
            folder(nodes, paths.backend(), backend, backendNodes(config, offer));
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

    private Map<String, Object> toolstackNodes(DeviceConfig config) {
        Map<String, Object> nodes = new LinkedHashMap<>();
        nodes.put("frontend", paths.frontend());
        nodes.put("backend", paths.backend());
        nodes.put("frontend-id", paths.frontendDomid());
        nodes.putAll(config.settings());
        return nodes;
    }

    private Map<String, Object> frontendNodes(DeviceConfig config) {
        Map<String, Object> nodes = new LinkedHashMap<>();
        nodes.put("backend", paths.backend());
        nodes.put("backend-id", paths.backendDomid());
        nodes.putAll(config.frontendNodes());
        nodes.put("state", XenbusState.INITIALISING.code());
        return nodes;
    }

    private Map<String, Object> backendNodes(DeviceConfig config, Offer offer) {
        Map<String, Object> nodes = new LinkedHashMap<>();
        nodes.put("frontend", paths.frontend());
        nodes.put("frontend-id", paths.frontendDomid());
        nodes.put("online", 1);
        nodes.putAll(config.backendNodes());
        nodes.putAll(offered(offer));
        nodes.put("state", XenbusState.INIT_WAIT.code());
        return nodes;
    }

    private static Map<String, Object> offered(Offer offer) {
        DeviceProtocol protocol = offer.protocol();
        Map<String, Object> nodes = new LinkedHashMap<>(offer.nodes());
        if (protocol.version() > 0) {
            nodes.put("versions", protocol.version());
        }
        if (protocol.ringPageOrder() > 0) {
            nodes.put("max-ring-page-order", offer.ringPageOrder());
        }
        if (protocol.queues() > 1) {
            nodes.put("multi-queue-max-queues", offer.queues());
        }
        for (Feature feature : protocol.features()) {
            nodes.put(feature.name(), offer.value(feature));
        }
        return nodes;
    }

    /** The driver was replaced: writes what the new one offers instead of what the old one did. */
    void replace(Offer old, Offer fresh) {
        Map<String, Object> nodesNow = offered(fresh);
        Set<String> before = offered(old).keySet();
        store.transaction(nodes -> {
            if (nodes.exists(paths.backend())) {
                before.stream()
                        .filter(name -> !nodesNow.containsKey(name))
                        .map(name -> paths.backend() + '/' + name)
                        .filter(nodes::exists)
                        .forEach(nodes::rm);
                nodesNow.forEach((name, value) -> nodes.write(paths.backend() + '/' + name, String.valueOf(value)));
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
