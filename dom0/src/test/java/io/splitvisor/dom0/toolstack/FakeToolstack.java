// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.toolstack;

import io.splitvisor.dom0.config.Action;
import io.splitvisor.dom0.config.CpuShare;
import io.splitvisor.dom0.config.DiskConfig;
import io.splitvisor.dom0.config.DomainConfig;
import io.splitvisor.dom0.toolstack.ToolstackException.Kind;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * A toolstack in memory: domains without guests. What a guest would do, a test does: {@link #guestWrites}, {@link
 * #guestShutsDown}. Consoles echo when told to.
 */
public final class FakeToolstack implements Toolstack {
    /** The time when everything in golden outputs was created. */
    public static final Instant CREATED = Instant.parse("2026-01-02T03:04:05Z");

    private final SortedMap<Integer, Fake> domains = new TreeMap<>();
    private final List<Consumer<DomainEvent>> listeners = new CopyOnWriteArrayList<>();
    private final List<String> log = new ArrayList<>(List.of("(XEN) one", "(XEN) two"));
    private final List<String> calls = new CopyOnWriteArrayList<>();
    private BiConsumer<FakeToolstack, Integer> onCreate = (_, _) -> {};
    private Instant created = CREATED;
    private Optional<TraceInfo> trace = Optional.empty();
    private final FakeDevices devices = new FakeDevices(calls);
    private int nextDomid = 1;
    private boolean obedient = true;

    private static final class Fake {
        private DomainInfo info;
        private final List<DiskConfig> disks = new ArrayList<>();
        private final ByteArrayOutputStream history = new ByteArrayOutputStream();
        private final ByteArrayOutputStream input = new ByteArrayOutputStream();
        private int vcpus = 1;
        private CpuShare share = CpuShare.DEFAULT;
        private boolean echo;
        private boolean dying;
        private boolean gone;
    }

    /** Domain-0 and nothing else. */
    public FakeToolstack() {
        Fake dom0 = new Fake();
        dom0.info = FakeFigures.dom0();
        domains.put(0, dom0);
    }

    /** What happens right after a domain is created, in place of its guest. */
    public FakeToolstack onCreate(BiConsumer<FakeToolstack, Integer> action) {
        onCreate = action;
        return this;
    }

    /** Guests do not react to a shutdown request. */
    public FakeToolstack disobedient() {
        obedient = false;
        return this;
    }

    /** Domains count as created at this time from now on. */
    public synchronized void createdAt(Instant time) {
        created = time;
    }

    /** What was asked for, in order. */
    public List<String> calls() {
        return calls;
    }

    /** The guest prints. */
    public synchronized void guestWrites(int domid, String text) {
        fake(domid).history.writeBytes(text.getBytes(StandardCharsets.UTF_8));
        notifyAll();
    }

    /** The guest prints back what it reads. */
    public synchronized void guestEchoes(int domid) {
        fake(domid).echo = true;
    }

    /** What the guest has read. */
    public synchronized String guestRead(int domid) {
        return fake(domid).input.toString(StandardCharsets.UTF_8);
    }

    /** The guest shuts down; its configuration says what comes of it. */
    public void guestShutsDown(int domid, ShutdownReason reason) {
        DomainInfo info;
        DomainConfig config;
        synchronized (this) {
            Fake fake = fake(domid);
            info = fake.info;
            config = info.config().orElseThrow();
            fake.info = FakeFigures.changed(info, info.name(), false, Optional.of(reason));
            notifyAll();
        }
        tell(new DomainEvent.Shutdown(domid, info.name(), reason));
        Action action = reason == ShutdownReason.REBOOT
                ? config.on().reboot()
                : config.on().poweroff();
        if (reason == ShutdownReason.CRASH) {
            action = config.on().crash();
        }
        if (action != Action.PRESERVE) {
            // As in a real Dom0, the old one is listed until the new one is.
            Optional<Integer> next = Optional.empty();
            startDying(domid);
            if (action == Action.RESTART) {
                next = Optional.of(create(config, CreateOptions.START));
            }
            remove(domid);
            tell(new DomainEvent.Destroyed(domid, info.name(), Optional.of(reason), next));
        }
    }

    @Override
    public int create(DomainConfig config, CreateOptions options) {
        int domid;
        synchronized (this) {
            if (domains.values().stream().anyMatch(fake -> fake.info.name().equals(config.name()) && !fake.dying)) {
                throw new ToolstackException(Kind.EXISTS, "Domain with name \"" + config.name() + "\" already exists.");
            }
            domid = nextDomid++;
            UUID uuid = config.uuid().orElse(new UUID(0x1234_5678_9abc_4defL, 0x8000_0000_0000_0000L | domid));
            Fake fake = new Fake();
            fake.disks.addAll(config.disks());
            fake.share = config.cpuShare();
            fake.info = new DomainInfo(
                    domid,
                    config.name(),
                    uuid,
                    config.memoryMib() * 1024,
                    config.maxmemMib() * 1024,
                    config.vcpus(),
                    false,
                    true,
                    options.paused(),
                    Optional.empty(),
                    false,
                    50_000_000L * domid,
                    created,
                    Optional.of(config.toBuilder().uuid(Optional.of(uuid)).build()));
            domains.put(domid, fake);
            calls.add("create " + config.name() + (options.paused() ? " paused" : ""));
        }
        tell(new DomainEvent.Created(domid, config.name()));
        onCreate.accept(this, domid);
        return domid;
    }

    @Override
    public FakeDevices devices() {
        return devices;
    }

    @Override
    public synchronized List<DomainInfo> list() {
        return domains.values().stream().map(fake -> fake.info).toList();
    }

    @Override
    public synchronized void pause(int domid) {
        Fake fake = fake(domid);
        fake.info = FakeFigures.changed(fake.info, fake.info.name(), true, fake.info.shutdown());
        calls.add("pause " + domid);
    }

    @Override
    public synchronized void unpause(int domid) {
        Fake fake = fake(domid);
        fake.info = FakeFigures.changed(fake.info, fake.info.name(), false, fake.info.shutdown());
        calls.add("unpause " + domid);
    }

    @Override
    public synchronized void resume(int domid, boolean anew) {
        fake(domid);
        calls.add("resume " + domid + (anew ? " anew" : ""));
    }

    @Override
    public void shutdown(int domid, ShutdownReason reason) {
        synchronized (this) {
            fake(domid);
            calls.add(reason.word() + " " + domid);
        }
        if (obedient) {
            Thread.ofVirtual().start(() -> guestShutsDown(domid, reason));
        }
    }

    @Override
    public void destroy(int domid) {
        String name;
        Optional<ShutdownReason> reason;
        synchronized (this) {
            Fake fake = fake(domid);
            if (domid == DOM0) {
                throw new ToolstackException(Kind.BAD_STATE, "Not destroying domain 0; use -f to force.");
            }
            calls.add("destroy " + domid);
            name = fake.info.name();
            reason = fake.info.shutdown();
        }
        remove(domid);
        tell(new DomainEvent.Destroyed(domid, name, reason, Optional.empty()));
    }

    private synchronized void startDying(int domid) {
        fake(domid).dying = true;
    }

    private synchronized void remove(int domid) {
        Fake fake = domains.remove(domid);
        if (fake != null) {
            fake.gone = true;
        }
        notifyAll();
    }

    @Override
    public synchronized void setMemory(int domid, long kib) {
        calls.add("memory " + fake(domid).info.domid() + " " + kib);
        if (kib > fake(domid).info.maxmemKib()) {
            throw new ToolstackException(Kind.INVALID, "memory " + kib + " KiB is too much");
        }
    }

    @Override
    public synchronized void setMaxMemory(int domid, long kib) {
        calls.add("maxmem " + fake(domid).info.domid() + " " + kib);
    }

    @Override
    public synchronized void rename(int domid, String name) {
        Fake fake = fake(domid);
        DomainConfig.nameProblem(name).ifPresent(wrong -> {
            throw new ToolstackException(Kind.INVALID, wrong);
        });
        fake.info = FakeFigures.changed(fake.info, name, fake.info.paused(), fake.info.shutdown());
    }

    @Override
    public synchronized int blockAttach(int domid, DiskConfig disk) {
        Fake fake = fake(domid);
        if (fake.disks.stream().anyMatch(other -> other.devid() == disk.devid())) {
            throw new ToolstackException(Kind.EXISTS, "Device " + disk.vdev() + " already exists");
        }
        fake.disks.add(disk);
        return disk.devid();
    }

    @Override
    public synchronized void blockDetach(int domid, int devid, boolean force) {
        if (!fake(domid).disks.removeIf(disk -> disk.devid() == devid)) {
            throw new ToolstackException(Kind.NO_SUCH_DEVICE, "Error: Device " + devid + " not connected.");
        }
        calls.add("detach " + devid + (force ? " force" : ""));
    }

    @Override
    public synchronized List<VcpuInfo> vcpuList(int domid) {
        return domid == DOM0 ? List.of() : FakeFigures.vcpus(fake(domid).info, fake(domid).vcpus);
    }

    @Override
    public synchronized void vcpuSet(int domid, int count) {
        int most = fake(domid).info.config().orElseThrow().maxVcpus();
        if (count < 1 || count > most) {
            throw new ToolstackException(ToolstackException.Kind.INVALID, "1 to " + most + ", not " + count);
        }
        fake(domid).vcpus = count;
    }

    @Override
    public synchronized List<BlockInfo> blockList(int domid) {
        return fake(domid).disks.stream()
                .map(disk -> new BlockInfo(
                        disk.devid(),
                        0,
                        domid,
                        4,
                        15,
                        768,
                        "/local/domain/0/backend/vbd/" + domid + "/" + disk.devid(),
                        disk))
                .toList();
    }

    @Override
    public synchronized HypercallInfo hypercalls(int domid) {
        return FakeFigures.hypercalls(domid, fake(domid).info.name());
    }

    @Override
    public synchronized PagingInfo paging(int domid) {
        return FakeFigures.paging(domid, fake(domid).info.name());
    }

    @Override
    public synchronized PageWalk pageWalk(int domid, int vcpu, long linear) {
        fake(domid);
        return FakeFigures.pageWalk(vcpu, linear);
    }

    @Override
    public synchronized TraceInfo startTrace(Path file, List<Integer> domids) {
        calls.add("trace " + domids);
        trace = Optional.of(new TraceInfo(true, file, domids, 10, 2, 300, ""));
        return trace();
    }

    @Override
    public synchronized TraceInfo trace() {
        return trace.orElseThrow(() -> new ToolstackException(Kind.BAD_STATE, "no trace is under way"));
    }

    @Override
    public synchronized TraceInfo stopTrace() {
        TraceInfo ended = trace();
        trace = Optional.empty();
        return new TraceInfo(false, ended.file(), ended.domids(), 20, 2, 600, "");
    }

    @Override
    public synchronized SchedCredit schedCredit(int domid) {
        Fake fake = fake(domid);
        return new SchedCredit(
                domid,
                fake.info.name(),
                fake.share,
                domid == DOM0 ? Optional.empty() : Optional.of("this host has no cgroup v2"));
    }

    @Override
    public synchronized SchedCredit schedCredit(int domid, OptionalInt weight, OptionalInt cap) {
        Fake fake = fake(domid);
        fake.share = new CpuShare(weight.orElse(fake.share.weight()), cap.orElse(fake.share.cap()));
        return schedCredit(domid);
    }

    @Override
    public synchronized ConsoleStream console(int domid, int number) {
        if (number != 0) {
            throw new ToolstackException(
                    ToolstackException.Kind.NO_SUCH_DEVICE, "Unable to attach console: there is no console " + number);
        }
        return new FakeConsole(fake(domid));
    }

    @Override
    public HostInfo host() {
        return FakeFigures.host(list().size());
    }

    @Override
    public synchronized List<String> dmesg(boolean clear) {
        var lines = List.copyOf(log);
        if (clear) {
            log.clear();
        }
        return lines;
    }

    @Override
    public synchronized DomainInfo waitFor(int domid, Condition condition, Duration timeout) {
        Fake fake = fake(domid);
        if (condition == Condition.ACKNOWLEDGED) {
            if (!obedient) {
                throw new ToolstackException(Kind.TIMEOUT, "domain " + domid + " does not react");
            }
            return fake.info;
        }
        calls.add("wait " + domid + " " + condition);
        boolean holds = awaitUntil(
                () -> condition == Condition.RUNNING
                        || fake.gone
                        || (condition == Condition.SHUTDOWN
                                && fake.info.shutdown().isPresent()),
                timeout);
        if (!holds) {
            throw new ToolstackException(Kind.TIMEOUT, "domain " + domid + " is still there");
        }
        return fake.info;
    }

    @Override
    public Subscription subscribe(Consumer<DomainEvent> listener) {
        listeners.add(listener);
        return () -> listeners.remove(listener);
    }

    /** How many listen. */
    public int listenerCount() {
        return listeners.size();
    }

    private void tell(DomainEvent event) {
        listeners.forEach(listener -> listener.accept(event));
    }

    private Fake fake(int domid) {
        Fake fake = domains.get(domid);
        if (fake == null) {
            throw Toolstack.noSuchDomain(domid);
        }
        return fake;
    }

    private synchronized boolean awaitUntil(BooleanSupplier condition, Duration timeout) {
        long end = System.nanoTime() + timeout.toNanos();
        try {
            while (!condition.getAsBoolean()) {
                long left = (end - System.nanoTime()) / 1_000_000;
                if (left <= 0) {
                    return false;
                }
                wait(left);
            }
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ToolstackException(Kind.FAILED, "interrupted", e);
        }
    }

    private final class FakeConsole implements ConsoleStream {
        private final Fake fake;
        private int position;
        private boolean closed;

        FakeConsole(Fake fake) {
            this.fake = fake;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) {
            synchronized (FakeToolstack.this) {
                awaitUntil(() -> fake.history.size() > position || fake.gone || closed, Duration.ofHours(1));
                byte[] all = fake.history.toByteArray();
                int n = Math.min(length, all.length - position);
                if (n == 0 || closed) {
                    return -1;
                }
                System.arraycopy(all, position, buffer, offset, n);
                position += n;
                return n;
            }
        }

        @Override
        public void write(byte[] buffer, int offset, int length) {
            synchronized (FakeToolstack.this) {
                if (fake.gone) {
                    throw Toolstack.noSuchDomain(fake.info.domid());
                }
                fake.input.write(buffer, offset, length);
                if (fake.echo) {
                    fake.history.write(buffer, offset, length);
                }
                FakeToolstack.this.notifyAll();
            }
        }

        @Override
        public void close() {
            synchronized (FakeToolstack.this) {
                closed = true;
                FakeToolstack.this.notifyAll();
            }
        }
    }
}
