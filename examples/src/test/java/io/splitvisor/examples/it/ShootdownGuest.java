// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.it;

import io.splitvisor.domu.Guest;
import io.splitvisor.domu.GuestDomain;
import io.splitvisor.domu.paging.AddressSpace;
import io.splitvisor.domu.paging.AddressSpaces;
import io.splitvisor.domu.paging.PageFault;
import io.splitvisor.domu.paging.PagingOptions;
import io.splitvisor.domu.paging.Processor;
import io.splitvisor.domu.paging.Protection;
import io.splitvisor.domu.paging.ShootdownBy;
import java.util.Locale;

/**
 * Two vCPUs in one address space: one stores all the time, the other takes the right away and looks whether anything still
 * changes. The argument says how the one is told.
 */
public final class ShootdownGuest implements Guest {
    private static final long PAGE = 0x10_0000_0000L;
    private static final int BYTES = 4096;
    private static final int ROUNDS = 50;

    private volatile boolean over;

    @Override
    public void run(GuestDomain domain) throws InterruptedException {
        ShootdownBy way = ShootdownBy.valueOf(domain.arguments().getFirst().toUpperCase(Locale.ROOT));
        AddressSpaces spaces = domain.addressSpaces(PagingOptions.of(1024).with(way));
        Processor cpu = spaces.processor(0);
        AddressSpace space = spaces.create(cpu);
        space.map(cpu, PAGE, BYTES, Protection.READ_WRITE);
        cpu.enter(space);
        Processor other = spaces.processor(1);
        Thread thread = Thread.ofPlatform().start(() -> store(other, space));
        int changed = 0;
        for (int round = 0; round < ROUNDS; round++) {
            long before = cpu.getLong(PAGE);
            while (cpu.getLong(PAGE) == before) {
                Thread.onSpinWait();
            }
            space.protect(cpu, PAGE, BYTES, Protection.READ);
            long seen = cpu.getLong(PAGE);
            for (int look = 0; look < 1000; look++) {
                changed += cpu.getLong(PAGE) == seen ? 0 : 1;
            }
            space.protect(cpu, PAGE, BYTES, Protection.READ_WRITE);
        }
        over = true;
        cpu.goIdle();
        thread.join();
        boolean told = (way == ShootdownBy.HYPERCALL ? spaces.flushCalls() : spaces.interrupts()) > 0;
        System.out.println(way + ": told " + told + ", changed " + changed);
    }

    private void store(Processor cpu, AddressSpace space) {
        cpu.enter(space);
        for (long i = 0; !over; i++) {
            try {
                cpu.putLong(PAGE, i);
            } catch (PageFault.Unhandled e) {
                Thread.onSpinWait();
            }
        }
        cpu.leave();
    }
}
