// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import io.splitvisor.backend.GrantMappings;
import io.splitvisor.monitor.grant.ForeignMappings;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** Pages of a guest that a back end has mapped: the monitor's own mappings, with faults, and gone when the back end dies. */
final class TestMappings implements GrantMappings {
    private final Machine machine;
    private final TestGuest guest;
    private final ForeignMappings mappings;
    private final List<TornRing> rings = new ArrayList<>();
    private boolean closed;

    TestMappings(Machine machine, TestGuest guest, ForeignMappings mappings) {
        this.machine = machine;
        this.guest = guest;
        this.mappings = mappings;
    }

    private void beforeMap(int ref) {
        if (machine.faults().onMap()) {
            guest.forget(ref);
        }
    }

    @Override
    public int map(int ref, boolean writable) {
        beforeMap(ref);
        return mappings.map(ref, writable);
    }

    @Override
    public int unmap(int handle) {
        return mappings.unmap(handle);
    }

    @Override
    public MemorySegment memory() {
        return mappings.memory();
    }

    @Override
    public long offset(int handle) {
        return mappings.offset(handle);
    }

    @Override
    public int mapped() {
        return mappings.mapped();
    }

    @Override
    public RingPages mapRing(int... refs) {
        for (int ref : refs) {
            beforeMap(ref);
        }
        TornRing ring = new TornRing(mappings.mapRing(refs));
        rings.add(ring);
        guest.rings().add(ring);
        return ring;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            rings.forEach(guest.rings()::remove);
            mappings.close();
        }
    }

    /** A mapped ring that the machine knows, to tear its indices. */
    final class TornRing implements RingPages {
        private final RingPages pages;

        TornRing(RingPages pages) {
            this.pages = pages;
        }

        @Override
        public MemorySegment segment() {
            return pages.segment();
        }

        @Override
        public void close() {
            guest.rings().remove(this);
            pages.close();
        }
    }
}
