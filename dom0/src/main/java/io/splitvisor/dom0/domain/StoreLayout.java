// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.domain;

import io.splitvisor.attach.AttachMessages.Welcome;
import io.splitvisor.dom0.config.DomainConfig;
import io.splitvisor.dom0.toolstack.ShutdownReason;
import io.splitvisor.xenstore.Permissions;
import io.splitvisor.xenstore.Permissions.Access;
import io.splitvisor.xenstore.Permissions.Entry;
import io.splitvisor.xenstore.Xenstore;
import io.splitvisor.xenstore.XenstoreNodes;
import java.util.List;
import java.util.Map;

/**
 * A domain's place in xenstore, as libxl lays it out (docs/misc/xenstore-paths.pandoc): what the guest may read, the few
 * nodes that it may write, and the toolstack's own copy, which it cannot reach.
 */
final class StoreLayout {
    private static final List<String> FOR_THE_GUEST_TO_WRITE = List.of(
            "/data",
            "/drivers",
            "/feature",
            "/attr",
            "/error",
            "/control/shutdown",
            "/control/feature-poweroff",
            "/control/feature-reboot",
            "/control/feature-suspend",
            "/control/sysrq");

    private final Xenstore store;

    StoreLayout(Xenstore store) {
        this.store = store;
    }

    static String home(int domid) {
        return "/local/domain/" + domid;
    }

    /** Writes everything that a new domain finds. */
    void write(GuestDomain guest) {
        store.transaction(t -> {
            int domid = guest.domid();
            DomainConfig config = guest.config();
            Permissions readable = Permissions.of(0, Access.NONE, new Entry(domid, Access.READ));
            String home = home(domid);
            String vm = "/vm/" + guest.uuid();
            make(t, home, "", readable);
            make(t, vm, "", readable);
            make(t, vm + "/name", config.name(), readable);
            make(t, vm + "/uuid", guest.uuid().toString(), readable);
            make(t, "/libxl/" + domid, "", Permissions.of(0, Access.NONE));
            make(t, "/libxl/" + domid + "/type", config.guest().type(), Permissions.of(0, Access.NONE));
            make(t, home + "/vm", vm, readable);
            make(t, home + "/name", config.name(), readable);
            make(t, home + "/domid", Integer.toString(domid), readable);
            make(t, home + "/memory", "", readable);
            make(t, home + "/memory/target", Long.toString(config.memoryMib() * 1024), readable);
            make(t, home + "/memory/static-max", Long.toString(config.maxmemMib() * 1024), readable);
            make(t, home + "/device", "", readable);
            make(t, home + "/control", "", readable);
            make(t, home + "/control/platform-feature-multiprocessor-suspend", "1", readable);
            make(t, home + "/control/platform-feature-xs_reset_watches", "1", readable);
            for (int vcpu = 0; vcpu < config.maxVcpus(); vcpu++) {
                make(t, home + "/cpu/" + vcpu, "", readable);
                make(
                        t,
                        home + "/cpu/" + vcpu + "/availability",
                        vcpu < config.vcpus() ? "online" : "offline",
                        readable);
            }
            writeRings(t, home, guest.welcome(), readable);
            Permissions writable = Permissions.of(domid, Access.NONE);
            for (String node : FOR_THE_GUEST_TO_WRITE) {
                make(t, home + node, "", writable);
            }
            return null;
        });
    }

    private static void writeRings(XenstoreNodes t, String home, Welcome welcome, Permissions readable) {
        make(t, home + "/store", "", readable);
        make(t, home + "/store/ring-ref", Integer.toString(welcome.layout().xenstore()), readable);
        make(t, home + "/store/port", Integer.toString(welcome.xenstorePort()), readable);
        make(t, home + "/console", "", readable);
        make(t, home + "/console/ring-ref", Integer.toString(welcome.layout().console()), readable);
        make(t, home + "/console/port", Integer.toString(welcome.consolePort()), readable);
        make(t, home + "/console/type", "xenconsoled", readable);
        make(t, home + "/console/output", "pty", readable);
        make(t, home + "/console/limit", "65536", readable);
        make(t, home + "/console/backend-id", "0", readable);
    }

    /**
     * Says what terminals a domain's consoles have on the host, as xenconsoled does.
     *
     * @param paths by the console's number
     */
    void terminals(GuestDomain guest, Map<Integer, String> paths) {
        String home = home(guest.domid());
        Permissions readable = Permissions.of(0, Access.NONE, new Entry(guest.domid(), Access.READ));
        store.transaction(t -> {
            paths.forEach((number, path) -> {
                if (number == 0) {
                    make(t, home + "/console/tty", path, readable);
                } else {
                    t.write(home + "/device/console/" + number + "/tty", path);
                }
            });
            return null;
        });
    }

    private static void make(XenstoreNodes t, String path, String value, Permissions permissions) {
        t.write(path, value);
        t.setPermissions(path, permissions);
    }

    /** Says which vCPUs the guest may use: the first ones. */
    void setVcpus(GuestDomain guest, int count) {
        for (int vcpu = 0; vcpu < guest.config().maxVcpus(); vcpu++) {
            store.write(home(guest.domid()) + "/cpu/" + vcpu + "/availability", vcpu < count ? "online" : "offline");
        }
    }

    /** Gives the domain its new name. */
    void rename(GuestDomain guest) {
        store.write(home(guest.domid()) + "/name", guest.config().name());
        store.write("/vm/" + guest.uuid() + "/name", guest.config().name());
    }

    /** Tells the guest how much memory it is to have. */
    void memoryTarget(GuestDomain guest, long kib) {
        store.write(home(guest.domid()) + "/memory/target", Long.toString(kib));
    }

    /** Writes down how much it may be told to have. */
    void staticMax(GuestDomain guest, long kib) {
        store.write(home(guest.domid()) + "/memory/static-max", Long.toString(kib));
    }

    /** Asks the guest to end; it acknowledges by emptying the node. False if it has said that it does not do that. */
    boolean requestShutdown(GuestDomain guest, ShutdownReason reason) {
        String control = home(guest.domid()) + "/control";
        if ("0".equals(store.readIfPresent(control + "/feature-" + reason.word()))) {
            return false;
        }
        store.write(control + "/shutdown", reason.word());
        return true;
    }

    /** Whether the guest has taken note of the last request, or there was none. */
    boolean isShutdownAcknowledged(GuestDomain guest) {
        String wish = store.readIfPresent(home(guest.domid()) + "/control/shutdown");
        return wish == null || wish.isEmpty();
    }

    /** The domain was suspended and runs again: xenstored forgets that it had shut down. */
    void resume(GuestDomain guest) {
        store.resume(guest.domid());
    }

    /** Removes the domain's places. */
    void remove(GuestDomain guest) {
        for (String path : List.of(home(guest.domid()), "/vm/" + guest.uuid(), "/libxl/" + guest.domid())) {
            if (store.exists(path)) {
                store.rm(path);
            }
        }
    }
}
