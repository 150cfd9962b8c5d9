// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.toolstack;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** The figures that a {@link FakeToolstack} shows: made up, and always the same. */
final class FakeFigures {
    private FakeFigures() {}

    static DomainInfo dom0() {
        return new DomainInfo(
                0,
                "Domain-0",
                new UUID(0, 0),
                1 << 20,
                1 << 20,
                2,
                true,
                false,
                false,
                Optional.empty(),
                false,
                1_234_000_000L,
                FakeToolstack.CREATED,
                Optional.empty());
    }

    /** The domain with another name and state. */
    static DomainInfo changed(DomainInfo old, String name, boolean paused, Optional<ShutdownReason> shutdown) {
        return new DomainInfo(
                old.domid(),
                name,
                old.uuid(),
                old.memoryKib(),
                old.maxmemKib(),
                old.vcpus(),
                old.running(),
                old.blocked(),
                paused,
                shutdown,
                old.dying(),
                old.cpuTimeNanos(),
                old.created(),
                old.config());
    }

    static HypercallInfo hypercalls(int domid, String name) {
        return new HypercallInfo(
                domid,
                name,
                2,
                List.of(
                        new HypercallInfo.Operation("EVTCHNOP_send", 1000, 3, 16, 210, 4_800, 61_000),
                        new HypercallInfo.Operation("unknown", 2, 2, 0, 0, 0, 0)),
                64,
                1,
                List.of(new HypercallInfo.Batch(1, 1, 60), new HypercallInfo.Batch(3, 4, 4)),
                new HypercallInfo.Bell(12, 990),
                new HypercallInfo.Bell(-1, -1),
                997,
                40);
    }

    static PagingInfo paging(int domid, String name) {
        Map<String, Long> counters = new LinkedHashMap<>();
        counters.put("faults", 7L);
        counters.put("writes", 0L);
        counters.put("mmu-update-calls", 4L);
        counters.put("mmu-updates", 100L);
        return new PagingInfo(
                domid,
                name,
                "registered",
                3,
                5,
                384,
                counters,
                Map.of("l1", 2),
                List.of(new PagingInfo.Mmu(0, 10, 40, 9, 1000, 1, 2)));
    }

    static PageWalk pageWalk(int vcpu, long linear) {
        return new PageWalk(
                linear,
                List.of(
                        new PageWalk.Step("guest", 2, 0x66000, 0x8000_0000_0020_00e7L, 0x200, true),
                        new PageWalk.Step("ept", 1, 0x8010, 0x2000f7, 0x200, true),
                        new PageWalk.Step("shadow", 4, 0x9000 + 8 * vcpu, 0, -1, false)));
    }

    static HostInfo host(int domains) {
        return new HostInfo(
                "host1",
                "6.1.0",
                "#1 SMP",
                "x86_64",
                2,
                2_400_123,
                List.of("jvm", "exec"),
                2048,
                1024,
                0,
                1,
                ".0",
                "jvm-25",
                "linux",
                4096,
                "dom0",
                FakeToolstack.CREATED,
                "/run/sv",
                domains);
    }

    static List<VcpuInfo> vcpus(DomainInfo domain, int available) {
        List<VcpuInfo> vcpus = new ArrayList<>();
        for (int vcpu = 0; vcpu < domain.config().orElseThrow().maxVcpus(); vcpu++) {
            boolean online = vcpu < available;
            long nanos = online ? 1_250_000_000L : 0;
            vcpus.add(new VcpuInfo(
                    domain.domid(),
                    domain.config().orElseThrow().name(),
                    vcpu,
                    online,
                    online && vcpu == 0,
                    vcpu > 0,
                    nanos,
                    5,
                    7));
        }
        return vcpus;
    }
}
