// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.domain;

import io.netty.channel.EventLoopGroup;
import io.splitvisor.dom0.attach.AttachServer;
import io.splitvisor.dom0.cgroup.CgroupTree;
import io.splitvisor.dom0.console.ConsoleTerminals;
import io.splitvisor.dom0.driver.Drivers;
import io.splitvisor.dom0.loop.PollingLoop;
import io.splitvisor.dom0.netty.EventLoops;
import io.splitvisor.dom0.toolstack.Dom0Launcher;
import io.splitvisor.dom0.toolstack.Toolstack;
import io.splitvisor.dom0.xenstored.Xenstored;
import io.splitvisor.driver.backend.BackendDevices;
import io.splitvisor.host.Confinement;
import io.splitvisor.hypercall.ToolstackCalls;
import io.splitvisor.monitor.Domain;
import io.splitvisor.monitor.Monitor;
import io.splitvisor.monitor.hypercall.HypercallContext;
import io.splitvisor.monitor.hypercall.HypercallTable;
import io.splitvisor.monitor.time.Alarm;
import io.splitvisor.monitor.time.SystemClock;
import io.splitvisor.xenstore.Xenstore;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** A Dom0 that runs: the monitor and everything around it. */
final class RunningDom0 implements Dom0Launcher.Dom0 {
    private static final int DOM0_PORTS = 1 << 16;

    private final List<PollingLoop> loops = new ArrayList<>();
    private final ScheduledExecutorService timer;
    private final EventLoopGroup acceptors;
    private final Xenstored xenstored;
    private final Xenstore store;
    private final AttachServer attachServer;
    private final ConsoleTerminals terminals = new ConsoleTerminals();
    private final Drivers drivers;
    private final Lifecycle lifecycle = new Lifecycle();
    private final Domains domains;
    private final Monitor monitor;
    private final Dom0BackendDomain backends;
    private final Summary summary = new Summary();
    private final HypervisorLog log = new HypervisorLog();
    private boolean closed;

    RunningDom0(Path runDir, Dom0Launcher.Options options) {
        drivers = Drivers.load(options.driverPath());
        Dom0Events events = new Dom0Events(DOM0_PORTS);
        SystemClock clock = new SystemClock(HostTime.find());
        monitor = new Monitor(events, lifecycle, clock, this::newAlarm);
        for (int i = 0; i < loopCount(); i++) {
            loops.add(new PollingLoop("io-loop-" + i));
        }
        timer = Executors.newSingleThreadScheduledExecutor(
                Thread.ofPlatform().name("timer").daemon(true).factory());
        timer.scheduleAtFixedRate(
                () -> tick(clock), SystemClock.TICK_NANOS, SystemClock.TICK_NANOS, TimeUnit.NANOSECONDS);
        acceptors = EventLoops.one("attach");
        xenstored = Xenstored.start(new StoreRings(lifecycle.domains(), log));
        xenstored.listen(runDir.resolve("xenstored").resolve("socket"));
        store = xenstored.connect();
        attachServer = new AttachServer(Dom0Services.attachSocketIn(runDir), acceptors);
        backends = new Dom0BackendDomain(monitor, events, loops);
        monitor.machine(new HostMachine(log));
        HypercallTable hypercalls = new HypercallTable(monitor);
        BackendDevices devices = new BackendDevices(backends, store, log::add);
        Dom0Services services = new Dom0Services(
                runDir,
                monitor,
                hypercalls,
                toolstackCalls(monitor, hypercalls),
                backends,
                xenstored,
                new StoreLayout(store),
                new Disks(backends, store, devices),
                new DriverDevices(drivers, devices, lifecycle::runningGuest),
                new Channels(devices, backends),
                terminals,
                attachServer,
                timer,
                summary,
                log,
                new CpuShares(CgroupTree.ofThisProcess(), log));
        lifecycle.connect(services);
        domains = new Domains(new Dom0Info(runDir, options.commandline(), Instant.now()), services, lifecycle);
        log.add("Splitvisor Dom0 in " + runDir + ", " + loops.size() + " I/O loop(s)");
        if (!Confinement.scopesSignals()) {
            log.add("this kernel's Landlock is version " + Confinement.landlockVersion()
                    + ": guests' processes are not kept from signalling each other (docs/guests.md)");
        }
    }

    /** The toolstack's calls take the way of all calls, as those of a domain. */
    private static ToolstackCalls toolstackCalls(Monitor monitor, HypercallTable hypercalls) {
        Domain dom0 = monitor.dom0();
        HypercallContext context = new HypercallContext(dom0, 0);
        return new ToolstackCalls(
                (number, word) -> hypercalls.run(context, number, word),
                dom0.memory().segment(),
                0);
    }

    /** Half the cores serve rings; the other half is the guests'. */
    private static int loopCount() {
        return Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
    }

    /** A failure is one tick's: the next one comes all the same. */
    private void tick(SystemClock clock) {
        try {
            clock.tick();
        } catch (RuntimeException e) {
            log.add("the clocks of the vCPUs were not corrected: " + e);
        }
    }

    /** Domains are made when everything here is. */
    private Alarm newAlarm(int domid, Runnable due) {
        return backends.loop(domid).newAlarm(due);
    }

    @Override
    public Toolstack toolstack() {
        return domains;
    }

    @Override
    public String summary() {
        return summary.table();
    }

    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        attachServer.close();
        lifecycle.close();
        terminals.close();
        store.close();
        xenstored.close();
        loops.forEach(PollingLoop::close);
        timer.shutdownNow();
        monitor.close();
        drivers.close();
        acceptors.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }
}
