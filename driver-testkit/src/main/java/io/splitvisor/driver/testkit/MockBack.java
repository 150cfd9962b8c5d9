// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import io.splitvisor.abi.io.XenbusState;
import io.splitvisor.backend.GrantMappings;
import io.splitvisor.driver.DeviceProtocol;
import io.splitvisor.xenstore.Permissions;
import io.splitvisor.xenstore.Permissions.Access;

/** What the mock back ends have in common: a device's nodes, and what is mapped of the front end. */
public abstract sealed class MockBack extends MockPeer permits MockBackend, MockByteBackend {
    private final TestBackendDomain domain;
    private final int frontendDomid;
    private GrantMappings mappings;

    MockBack(TestBackendDomain domain, TestGuest guest, DeviceProtocol protocol, int devid) {
        super(
                protocol,
                domain.store(),
                backFolder(protocol, guest.domid(), devid),
                frontFolder(protocol, guest.domid(), devid));
        this.domain = domain;
        this.frontendDomid = guest.domid();
    }

    final TestBackendDomain domain() {
        return domain;
    }

    final int frontendDomid() {
        return frontendDomid;
    }

    /** Makes both ends' folders, as a toolstack does, says everything that is declared, and goes to InitWait. */
    public final void attach() {
        folder(peer().path(), frontendDomid, 0);
        folder(own().path(), 0, frontendDomid);
        peer().write("backend", own().path());
        peer().write("backend-id", 0);
        peer().write("state", XenbusState.INITIALISING.code());
        write("frontend", peer().path());
        write("frontend-id", frontendDomid);
        write("online", 1);
        if (declared().ringPageOrder() > 0) {
            write("max-ring-page-order", declared().ringPageOrder());
        }
        if (declared().queues() > 1) {
            write("multi-queue-max-queues", declared().queues());
        }
        writeFeatures("versions", true);
        state(XenbusState.INIT_WAIT);
    }

    private void folder(String path, int owner, int reader) {
        store().mkdir(path);
        store().rm(path);
        store().mkdir(path);
        store().setPermissions(path, Permissions.of(owner, Access.NONE, new Permissions.Entry(reader, Access.READ)));
    }

    /** Takes the device away, as a toolstack does. */
    public final void detach() {
        store().rm(own().path());
        store().rm(peer().path());
    }

    /** Maps what the front end offers and binds its ports, without looking whether that makes sense, and goes to Connected. */
    public final void connect() {
        mapRings();
        state(XenbusState.CONNECTED);
    }

    /** The same without a word. */
    public final void mapRings() {
        mappings = domain.grants(frontendDomid);
        use(mappings);
    }

    /** Maps the rings and binds their ports. */
    abstract void use(GrantMappings connection);

    /** Unmaps everything and closes the ports, without a word. */
    public final void disconnect() {
        leave();
        if (mappings != null) {
            mappings.close();
            mappings = null;
        }
    }

    /** Unmaps the rings and closes their ports. */
    abstract void leave();

    /** Pages of the front end; null without a connection. */
    public final GrantMappings mappings() {
        return mappings;
    }

    /** Does what the front end wants as it comes, from now on. */
    public abstract void serve();

    /** Does nothing more by itself. */
    public abstract void hold();

    /** Sends an event to each of the front end's rings. */
    public abstract void kick();
}
