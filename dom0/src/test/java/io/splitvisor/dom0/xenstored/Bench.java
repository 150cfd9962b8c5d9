// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.xenstored;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A core without threads: time stands still until it is moved, and tasks run when they are told to. */
final class Bench {
    private record Timer(long atMillis, Runnable task) {}

    private final KnownDomains domains = new KnownDomains();
    private final List<Runnable> tasks = new ArrayList<>();
    private final List<Timer> timers = new ArrayList<>();
    private final Map<Integer, RingLink> links = new HashMap<>();
    private final XenstoreCore core;
    private long nowMillis = 1_000_000;

    private final Timers scheduler = new Timers() {
        @Override
        public void execute(Runnable task) {
            tasks.add(task);
        }

        @Override
        public void schedule(Runnable task, long delay, TimeUnit unit) {
            timers.add(new Timer(nowMillis + unit.toMillis(delay), task));
        }
    };

    Bench(int... domids) {
        for (int domid : domids) {
            domains.add(domid);
        }
        core = new XenstoreCore(domains, () -> nowMillis * 1_000_000);
        core.attach(new DomainLinks() {
            @Override
            public void open(DomainState domain, RingPage page) {
                openLink(domain, page);
            }

            @Override
            public void forget(int domid) {
                links.remove(domid);
            }
        });
    }

    private void openLink(DomainState domain, RingPage page) {
        RingLink link = links.get(domain.domid());
        if (link == null || !core.clients().contains(link.client())) {
            Client client = core.connect(domain);
            link = new RingLink(core, client, scheduler);
            client.attach(link);
            links.put(domain.domid(), link);
        }
        link.open(page);
    }

    XenstoreCore core() {
        return core;
    }

    KnownDomains domains() {
        return domains;
    }

    DomainState domain(int domid) {
        return core.domains().find(domid);
    }

    /** A client without a ring. */
    TestClient connect(int domid) {
        domains.add(domid);
        return new TestClient(core, core.domains().add(domid));
    }

    /** A domain with a ring. */
    RingGuest introduce(int domid) {
        domains.add(domid);
        RingGuest guest = new RingGuest(this, domid, Arena.ofAuto().allocate(4096, 4096));
        introduce(guest);
        return guest;
    }

    void introduce(RingGuest guest) {
        core.introduce(guest.domid(), new RingPage(guest.page(), guest::onEvent));
        core.settle();
        run();
    }

    /** The domain's event channel fired; does all that follows from it. */
    void event(int domid) {
        RingLink link = links.get(domid);
        if (link != null) {
            link.signal();
        }
        run();
    }

    void release(int domid) {
        domains.remove(domid);
        core.release(domid);
        core.settle();
        run();
    }

    /** Runs every task that is due. */
    void run() {
        while (!tasks.isEmpty()) {
            tasks.removeFirst().run();
        }
    }

    /** Lets time pass, with all that is due meanwhile. */
    void pass(long millis) {
        run();
        long end = nowMillis + millis;
        while (true) {
            Timer next = null;
            for (Timer timer : timers) {
                if (timer.atMillis <= end && (next == null || timer.atMillis < next.atMillis)) {
                    next = timer;
                }
            }
            if (next == null) {
                break;
            }
            timers.remove(next);
            nowMillis = Math.max(nowMillis, next.atMillis);
            next.task.run();
            run();
        }
        nowMillis = end;
    }
}
