// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.domain;

import io.splitvisor.attach.DomainLayout;
import io.splitvisor.dom0.config.CpuShare;
import io.splitvisor.dom0.config.DiskConfig;
import io.splitvisor.dom0.config.DomainConfig;
import io.splitvisor.dom0.toolstack.BlockInfo;
import io.splitvisor.dom0.toolstack.Condition;
import io.splitvisor.dom0.toolstack.ConsoleStream;
import io.splitvisor.dom0.toolstack.CreateOptions;
import io.splitvisor.dom0.toolstack.Devices;
import io.splitvisor.dom0.toolstack.DomainEvent;
import io.splitvisor.dom0.toolstack.DomainInfo;
import io.splitvisor.dom0.toolstack.HostInfo;
import io.splitvisor.dom0.toolstack.HypercallInfo;
import io.splitvisor.dom0.toolstack.PageWalk;
import io.splitvisor.dom0.toolstack.PagingInfo;
import io.splitvisor.dom0.toolstack.SchedCredit;
import io.splitvisor.dom0.toolstack.ShutdownReason;
import io.splitvisor.dom0.toolstack.Toolstack;
import io.splitvisor.dom0.toolstack.ToolstackException;
import io.splitvisor.dom0.toolstack.ToolstackException.Kind;
import io.splitvisor.dom0.toolstack.TraceInfo;
import io.splitvisor.dom0.toolstack.VcpuInfo;
import io.splitvisor.hypercall.ToolstackCalls.DomainState;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The toolstack: every verb, over real domains. Verbs that change a domain hold its monitor lock, so that they come one
 * after the other. How domains come and go is {@link Lifecycle}'s.
 */
final class Domains implements Toolstack {
    private static final long KIB_PER_PAGE = DomainLayout.PAGE_SIZE / 1024;

    private final Dom0Info dom0;
    private final Dom0Services services;
    private final Lifecycle lifecycle;
    private final Map<Integer, GuestDomain> domains;
    private final Traces traces;

    Domains(Dom0Info dom0, Dom0Services services, Lifecycle lifecycle) {
        this.dom0 = dom0;
        this.services = services;
        this.lifecycle = lifecycle;
        this.domains = lifecycle.domains();
        this.traces = lifecycle.traces();
    }

    @Override
    public int create(DomainConfig config, CreateOptions options) {
        return lifecycle.create(config, options.paused());
    }

    @Override
    public List<DomainInfo> list() {
        List<DomainInfo> result = new ArrayList<>();
        result.add(dom0.domain());
        Map<Integer, DomainState> states =
                services.calls().domains().stream().collect(Collectors.toMap(DomainState::domid, Function.identity()));
        domains.values().forEach(guest -> result.add(guest.info(states.get(guest.domid()))));
        return result;
    }

    @Override
    public void pause(int domid) {
        GuestDomain guest = lifecycle.runningGuest(domid);
        synchronized (guest) {
            if (!guest.paused()) {
                guest.pause();
            }
        }
    }

    @Override
    public void unpause(int domid) {
        GuestDomain guest = lifecycle.runningGuest(domid);
        synchronized (guest) {
            if (guest.paused()) {
                guest.unpause();
            }
        }
    }

    @Override
    public void shutdown(int domid, ShutdownReason reason) {
        GuestDomain guest = lifecycle.runningGuest(domid);
        if (!services.storeLayout().requestShutdown(guest, reason)) {
            throw new ToolstackException(
                    Kind.BAD_STATE,
                    "The guest of domain '" + guest.config().name() + "' does not take requests for " + reason.word()
                            + ".");
        }
    }

    @Override
    public void resume(int domid, boolean anew) {
        lifecycle.resume(lifecycle.guest(domid), anew);
    }

    @Override
    public void destroy(int domid) {
        if (domid == DOM0) {
            throw new ToolstackException(Kind.BAD_STATE, "Not destroying domain 0; use -f to force.");
        }
        lifecycle.remove(lifecycle.guest(domid));
    }

    @Override
    public void setMemory(int domid, long kib) {
        GuestDomain guest = lifecycle.runningGuest(domid);
        synchronized (guest) {
            if (kib < KIB_PER_PAGE || kib > guest.maxmemKib()) {
                throw new ToolstackException(
                        Kind.INVALID,
                        "memory " + kib + " KiB is not from " + KIB_PER_PAGE + " to the domain's maximum, "
                                + guest.maxmemKib() + " KiB");
            }
            guest.limitMemory(kib);
            guest.targetKib(kib);
            services.storeLayout().memoryTarget(guest, kib);
        }
        services.log().add(domid, "memory target " + kib + " KiB");
    }

    @Override
    public void setMaxMemory(int domid, long kib) {
        GuestDomain guest = lifecycle.runningGuest(domid);
        synchronized (guest) {
            long most = guest.config().maxmemMib() * 1024;
            if (kib < guest.targetKib() || kib > most) {
                throw new ToolstackException(
                        Kind.INVALID,
                        "maximum memory " + kib + " KiB is not from the domain's target, " + guest.targetKib()
                                + " KiB, to the maxmem that it was created with, " + most + " KiB");
            }
            guest.maxmemKib(kib);
            services.storeLayout().staticMax(guest, kib);
        }
    }

    @Override
    public void rename(int domid, String name) {
        lifecycle.rename(lifecycle.guest(domid), name);
    }

    @Override
    public int blockAttach(int domid, DiskConfig disk) {
        GuestDomain guest = lifecycle.runningGuest(domid);
        synchronized (guest) {
            int devid = services.disks().attach(guest, disk);
            List<DiskConfig> disks = new ArrayList<>(guest.config().disks());
            disks.add(disk);
            guest.config(guest.config().toBuilder().disks(disks).build());
            return devid;
        }
    }

    @Override
    public void blockDetach(int domid, int devid, boolean force) {
        GuestDomain guest = lifecycle.guest(domid);
        synchronized (guest) {
            services.disks().detach(guest, devid, force);
            List<DiskConfig> disks = new ArrayList<>(guest.config().disks());
            disks.removeIf(disk -> disk.devid() == devid);
            guest.config(guest.config().toBuilder().disks(disks).build());
        }
    }

    @Override
    public List<BlockInfo> blockList(int domid) {
        return domid == DOM0 ? List.of() : services.disks().list(lifecycle.guest(domid));
    }

    @Override
    public Devices devices() {
        return services.devices();
    }

    @Override
    public List<VcpuInfo> vcpuList(int domid) {
        return domid == DOM0 ? List.of() : lifecycle.guest(domid).vcpus();
    }

    @Override
    public void vcpuSet(int domid, int count) {
        GuestDomain guest = lifecycle.runningGuest(domid);
        int most = guest.config().maxVcpus();
        if (count < 1 || count > most) {
            throw new ToolstackException(
                    Kind.INVALID, "Error: Domain '" + domid + "' can have 1 to " + most + " VCPUs, not " + count + ".");
        }
        services.storeLayout().setVcpus(guest, count);
    }

    @Override
    public HypercallInfo hypercalls(int domid) {
        return lifecycle.guest(domid).hypercallInfo();
    }

    @Override
    public PagingInfo paging(int domid) {
        return lifecycle.guest(domid).pagingInfo();
    }

    @Override
    public PageWalk pageWalk(int domid, int vcpu, long linear) {
        return lifecycle.guest(domid).pageWalk(vcpu, linear);
    }

    @Override
    public TraceInfo startTrace(Path file, List<Integer> domids) {
        domids.forEach(lifecycle::guest);
        return traces.start(file, domids);
    }

    @Override
    public TraceInfo trace() {
        return traces.info();
    }

    @Override
    public TraceInfo stopTrace() {
        return traces.stop();
    }

    @Override
    public SchedCredit schedCredit(int domid) {
        if (domid == DOM0) {
            return new SchedCredit(DOM0, dom0.domain().name(), CpuShare.DEFAULT, Optional.empty());
        }
        GuestDomain guest = lifecycle.guest(domid);
        return new SchedCredit(
                domid,
                guest.config().name(),
                guest.config().cpuShare(),
                services.cpuShares().problem(domid));
    }

    @Override
    public SchedCredit schedCredit(int domid, OptionalInt weight, OptionalInt cap) {
        GuestDomain guest = lifecycle.runningGuest(domid);
        synchronized (guest) {
            CpuShare before = guest.config().cpuShare();
            CpuShare share = new CpuShare(weight.orElse(before.weight()), cap.orElse(before.cap()));
            guest.share(share);
        }
        return schedCredit(domid);
    }

    @Override
    public ConsoleStream console(int domid, int number) {
        return lifecycle.guest(domid).consoles().open(number);
    }

    @Override
    public HostInfo host() {
        return dom0.host(domains.size() + 1);
    }

    @Override
    public List<String> dmesg(boolean clear) {
        return services.log().read(clear);
    }

    @Override
    public DomainInfo waitFor(int domid, Condition condition, Duration timeout) {
        return lifecycle.events().waitFor(lifecycle.guest(domid), condition, timeout, domains);
    }

    @Override
    public Subscription subscribe(Consumer<DomainEvent> listener) {
        return lifecycle.events().subscribe(listener);
    }
}
