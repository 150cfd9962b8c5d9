// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.domain;

import io.splitvisor.abi.paging.MmuFigures;
import io.splitvisor.abi.paging.MonitorHeader;
import io.splitvisor.abi.paging.PagingCounter;
import io.splitvisor.abi.paging.PagingMode;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.dom0.config.DomainConfig;
import io.splitvisor.dom0.config.PagingChoice;
import io.splitvisor.dom0.toolstack.PageWalk;
import io.splitvisor.dom0.toolstack.PagingInfo;
import io.splitvisor.monitor.Domain;
import io.splitvisor.monitor.memory.FrameType;
import io.splitvisor.monitor.paging.PagingConfig;
import io.splitvisor.monitor.paging.RegisteredPaging;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** What the monitor knows about a domain's page tables, and what it is told about them when the domain is made. */
final class PagingFigures {
    private static final int PAGES_PER_MIB = 256;

    private PagingFigures() {}

    /** What a configuration asks for. */
    static PagingConfig config(DomainConfig config, DomainLayout layout) {
        PagingChoice choice = config.paging();
        PagingConfig usual = PagingConfig.of(choice.mode(), layout);
        if (choice.mode() == PagingMode.NONE) {
            return usual;
        }
        int asked = (int) choice.tableMib().orElse(0) * PAGES_PER_MIB;
        int pages = asked == 0 ? usual.poolPages() : Math.max(asked, PagingConfig.fewestPages(layout.vcpus()));
        return new PagingConfig(choice.mode(), pages, !choice.outOfSync());
    }

    static PagingInfo of(Domain domain, String name) {
        MemorySegment header = domain.monitorPages().segment();
        Map<String, Long> counters = new LinkedHashMap<>();
        for (PagingCounter counter : PagingCounter.values()) {
            if (counter != PagingCounter.POOL_USED && counter != PagingCounter.POOL_PEAK) {
                counters.put(counter.word(), MonitorHeader.counter(header, counter));
            }
        }
        List<PagingInfo.Mmu> mmus = domain.paging().mode() == PagingMode.NONE
                ? List.of()
                : IntStream.range(0, domain.vcpus())
                        .mapToObj(vcpu -> mmu(domain, vcpu))
                        .toList();
        return new PagingInfo(
                domain.domid(),
                name,
                domain.paging().mode().word(),
                MonitorHeader.counter(header, PagingCounter.POOL_USED),
                MonitorHeader.counter(header, PagingCounter.POOL_PEAK),
                MonitorHeader.layout(header).poolPages(),
                counters,
                frames(domain),
                mmus);
    }

    private static Map<String, Integer> frames(Domain domain) {
        Map<String, Integer> frames = new LinkedHashMap<>();
        if (domain.paging() instanceof RegisteredPaging registered) {
            int[] pages = registered.pagesByType();
            for (FrameType type : FrameType.values()) {
                frames.put(type.word(), pages[type.ordinal()]);
            }
        }
        return frames;
    }

    private static PagingInfo.Mmu mmu(Domain domain, int vcpu) {
        MemorySegment control = domain.memory().page(domain.memory().layout().vcpuControl(vcpu));
        return new PagingInfo.Mmu(
                vcpu,
                MmuFigures.getAcquire(control, MmuFigures.WALKS),
                MmuFigures.getAcquire(control, MmuFigures.REFERENCES),
                MmuFigures.getAcquire(control, MmuFigures.FILLS),
                MmuFigures.getAcquire(control, MmuFigures.HITS),
                MmuFigures.getAcquire(control, MmuFigures.FAULTS),
                MmuFigures.getAcquire(control, MmuFigures.FLUSHES));
    }

    static PageWalk walk(Domain domain, int vcpu, long linear) {
        return new PageWalk(
                linear,
                domain.paging().walk(vcpu, linear).stream()
                        .map(step -> new PageWalk.Step(
                                step.table(), step.level(), step.address(), step.entry(), step.frame(), step.leaf()))
                        .toList());
    }
}
