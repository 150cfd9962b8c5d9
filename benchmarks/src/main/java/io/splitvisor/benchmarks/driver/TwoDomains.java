// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.driver;

import io.splitvisor.abi.grant.GrantStatus;
import io.splitvisor.backend.BackendDomain;
import io.splitvisor.backend.EventChannel;
import io.splitvisor.backend.GrantException;
import io.splitvisor.backend.GrantMappings;
import io.splitvisor.backend.IoLoop;
import io.splitvisor.backend.RingWorker;
import io.splitvisor.dom0.xenstored.DomainRings;
import io.splitvisor.dom0.xenstored.RingPage;
import io.splitvisor.dom0.xenstored.Xenstored;
import io.splitvisor.frontend.FrontendDomain;
import io.splitvisor.frontend.FrontendGrants;
import io.splitvisor.frontend.FrontendMemory;
import io.splitvisor.xenstore.Permissions;
import io.splitvisor.xenstore.Xenstore;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A back end's and a front end's domain in one process and one memory, where a grant is an offset and an event a call: what
 * is left is the kit. Grants are not checked; {@code docs/hardening.md} is about the ones that are.
 */
final class TwoDomains implements AutoCloseable {
    static final int GUEST = 1;
    private static final int PAGES = 256;

    private final SpinLoop loop = new SpinLoop();
    private final Xenstored xenstored = Xenstored.start(new OneDomain());
    private final Xenstore store = xenstored.connect();
    private final Xenstore guestStore;
    private final MemorySegment memory = Arena.ofAuto().allocate((long) PAGES * FrontendMemory.PAGE_SIZE, 4096);
    private final AtomicInteger nextFrame = new AtomicInteger();
    private final AtomicInteger nextRef = new AtomicInteger(8);
    private final AtomicInteger nextPort = new AtomicInteger(1);
    private final Map<Integer, Integer> frames = new ConcurrentHashMap<>();
    private final Map<Integer, FrontendDomain.Upcall> upcalls = new ConcurrentHashMap<>();
    private final Map<Integer, RingWorker> workers = new ConcurrentHashMap<>();

    TwoDomains() {
        store.mkdir("/local/domain/" + GUEST + "/device");
        store.setPermissions("/local/domain/" + GUEST, Permissions.of(GUEST, Permissions.Access.NONE));
        this.guestStore = xenstored.connect(GUEST);
    }

    Xenstore store() {
        return store;
    }

    BackendDomain backend() {
        return new Back();
    }

    FrontendDomain frontend() {
        return new Front();
    }

    @Override
    public void close() {
        loop.close();
        guestStore.close();
        store.close();
        xenstored.close();
    }

    private final class Back implements BackendDomain {
        @Override
        public int domid() {
            return 0;
        }

        @Override
        public IoLoop loop(int frontendDomid) {
            return loop;
        }

        @Override
        public GrantMappings grants(int frontendDomid) {
            return new Mappings();
        }

        @Override
        public EventChannel bind(int frontendDomid, int remotePort, RingWorker worker, IoLoop on) {
            workers.put(remotePort, worker);
            on.wake(worker);
            return new BackChannel(remotePort);
        }
    }

    private final class BackChannel implements EventChannel {
        private final int port;

        private BackChannel(int port) {
            this.port = port;
        }

        @Override
        public int port() {
            return port;
        }

        @Override
        public void send() {
            FrontendDomain.Upcall upcall = upcalls.get(port);
            if (upcall != null) {
                upcall.upcall();
            }
        }

        @Override
        public void close() {
            workers.remove(port);
        }
    }

    /** A handle is a frame's number. */
    private final class Mappings implements GrantMappings {
        @Override
        public int map(int ref, boolean writable) {
            return frames.getOrDefault(ref, GrantStatus.BAD_GNTREF);
        }

        @Override
        public int unmap(int handle) {
            return GrantStatus.OKAY;
        }

        @Override
        public MemorySegment memory() {
            return memory;
        }

        @Override
        public long offset(int handle) {
            return (long) handle * FrontendMemory.PAGE_SIZE;
        }

        @Override
        public int mapped() {
            return 0;
        }

        @Override
        public RingPages mapRing(int... refs) {
            int frame = map(refs[0], true);
            if (frame < 0) {
                throw new GrantException(refs[0], frame);
            }
            // Allocated in a row, so they lie in a row.
            MemorySegment segment = memory.asSlice(offset(frame), (long) refs.length * FrontendMemory.PAGE_SIZE);
            return new Ring(segment);
        }

        @Override
        public void close() {
            // There is nothing to unmap.
        }
    }

    private record Ring(MemorySegment segment) implements GrantMappings.RingPages {
        @Override
        public void close() {
            // There is nothing to unmap.
        }
    }

    private final class Front implements FrontendDomain, FrontendMemory, FrontendGrants {
        @Override
        public int domid() {
            return GUEST;
        }

        @Override
        public Xenstore store() {
            return guestStore;
        }

        @Override
        public FrontendMemory memory() {
            return this;
        }

        @Override
        public FrontendGrants grants() {
            return this;
        }

        @Override
        public FrontendChannel offer(int backendDomid, Upcall handler) {
            int port = nextPort.getAndIncrement();
            upcalls.put(port, handler);
            return new FrontChannel(port);
        }

        @Override
        public MemorySegment segment() {
            return memory;
        }

        @Override
        public int allocate(int count) {
            return nextFrame.getAndAdd(count);
        }

        @Override
        public void free(int frame, int count) {
            // A run is short.
        }

        @Override
        public int reserve() {
            return nextRef.getAndIncrement();
        }

        @Override
        public void grant(int ref, int domid, int frame, boolean readOnly) {
            frames.put(ref, frame);
        }

        @Override
        public boolean inUse(int ref) {
            return false;
        }

        @Override
        public boolean revoke(int ref) {
            frames.remove(ref);
            return true;
        }

        @Override
        public void release(int ref) {
            frames.remove(ref);
        }

        @Override
        public void endAccess(int ref, int frame) {
            frames.remove(ref);
        }
    }

    private final class FrontChannel implements FrontendDomain.FrontendChannel {
        private final int port;

        private FrontChannel(int port) {
            this.port = port;
        }

        @Override
        public int port() {
            return port;
        }

        @Override
        public void send() {
            RingWorker worker = workers.get(port);
            if (worker != null) {
                loop.notified(worker);
            }
        }

        @Override
        public void close() {
            upcalls.remove(port);
        }
    }

    private static final class OneDomain implements DomainRings {
        @Override
        public RingPage map(int domid, long gfn, int port) {
            return null;
        }

        @Override
        public boolean exists(int domid) {
            return domid == GUEST;
        }
    }
}
