// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.paging;

import io.splitvisor.abi.paging.MonitorHeader;
import io.splitvisor.abi.paging.MonitorLayout;
import io.splitvisor.abi.paging.PagingCounter;
import java.lang.foreign.MemorySegment;

/** A domain's monitor memory, which its guest reads: what the header says while the domain runs. Under the paging's lock. */
public final class MonitorMemory {
    private final MemorySegment segment;
    private final MonitorLayout layout;

    /** The memory, whose header is written. */
    public MonitorMemory(MemorySegment segment, MonitorLayout layout) {
        this.segment = segment;
        this.layout = layout;
    }

    MemorySegment segment() {
        return segment;
    }

    MonitorLayout layout() {
        return layout;
    }

    /** MMUs forget what they hold, before they fill again. */
    void newGeneration() {
        MonitorHeader.newGenerationRelease(segment);
    }

    long generation() {
        return MonitorHeader.generationAcquire(segment);
    }

    void count(PagingCounter counter) {
        count(counter, 1);
    }

    void count(PagingCounter counter, long more) {
        MonitorHeader.counter(segment, counter, MonitorHeader.counter(segment, counter) + more);
    }

    long counter(PagingCounter counter) {
        return MonitorHeader.counter(segment, counter);
    }

    /** How much of something there is; and how much there was at most. */
    void level(PagingCounter level, PagingCounter peak, long value) {
        MonitorHeader.counter(segment, level, value);
        if (value > MonitorHeader.counter(segment, peak)) {
            MonitorHeader.counter(segment, peak, value);
        }
    }

    long vcpu(int vcpu, long field) {
        return MonitorHeader.vcpuAcquire(segment, vcpu, field);
    }

    void vcpu(int vcpu, long field, long value) {
        MonitorHeader.vcpuRelease(segment, vcpu, field, value);
    }
}
