// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.memory;

import io.splitvisor.domu.Guest;
import io.splitvisor.domu.GuestDomain;
import io.splitvisor.domu.paging.AddressSpace;
import io.splitvisor.domu.paging.AddressSpaces;
import io.splitvisor.domu.paging.PageFault;
import io.splitvisor.domu.paging.PagingOptions;
import io.splitvisor.domu.paging.Processor;
import io.splitvisor.domu.paging.Protection;
import io.splitvisor.domu.paging.SwapDevice;
import java.util.concurrent.CountDownLatch;

/**
 * Uses memory as a kernel would: maps, forks, catches a fault, and swaps, if there is a disk {@code xvda}. What it prints is
 * the same in every paging mode, but for the mode's name and the last line, which says what that mode cost. With {@code stay} in
 * {@code extra} it stays in its address space until it is shut down, to be looked at with {@code paging-info} and {@code page-walk}.
 */
public final class AddressSpacesGuest implements Guest {
    private static final long HEAP = 0x10_0000_0000L;
    private static final long STACK = 0x7fff_0000_0000L;
    private static final int PAGE = 4096;
    private static final int PAGES = 64;

    @Override
    public void run(GuestDomain domain) throws InterruptedException {
        AddressSpaces spaces = domain.addressSpaces(PagingOptions.of(2048));
        System.out.println("paging: " + spaces.mode().word());
        Processor cpu = spaces.processor(0);
        AddressSpace parent = spaces.create(cpu);
        cpu.enter(parent);

        // Nothing is brought in before it is touched.
        int free = spaces.freeFrames();
        parent.map(cpu, HEAP, PAGES * PAGE, Protection.READ_WRITE);
        cpu.putLong(HEAP, 1);
        System.out.println("mapped " + PAGES + " pages, touched one; others read as " + cpu.getLong(HEAP + 5 * PAGE));

        // A copy shares all pages until one of the two writes.
        AddressSpace child = parent.fork(cpu);
        cpu.enter(child);
        cpu.putLong(HEAP, 2);
        cpu.enter(parent);
        System.out.println("after a fork and a write in the child, the parent has " + cpu.getLong(HEAP));
        child.destroy(cpu);

        // A stack that grows: the handler maps what was missing, and the access is made again.
        parent.onFault((processor, fault) -> grow(parent, processor, fault));
        cpu.putLong(STACK - 3 * PAGE, 7);
        System.out.println("the stack grew down to " + Long.toHexString(STACK - 3 * PAGE));

        parent.protect(cpu, HEAP, PAGE, Protection.READ);
        try {
            cpu.putLong(HEAP, 3);
        } catch (PageFault.Unhandled e) {
            System.out.println("no store to what may only be read: " + e.getMessage());
        }
        if (domain.disks().contains("xvda")) {
            swap(domain, spaces, parent, cpu);
        }
        if (domain.arguments().contains("stay")) {
            System.out.println("stays, with " + PAGES + " pages at " + Long.toHexString(HEAP));
            new CountDownLatch(1).await();
        }
        cpu.leave();
        parent.destroy(cpu);
        System.out.println("given back: " + (spaces.freeFrames() >= free));
        System.out.println("traps and hypercalls about memory: " + spaces.requests());
    }

    private static boolean grow(AddressSpace space, Processor cpu, PageFault fault) {
        boolean below = fault.address() < STACK && fault.address() >= STACK - 16 * PAGE;
        if (below && (fault.error() & PageFault.PRESENT) == 0) {
            space.map(cpu, fault.address() & -PAGE, PAGE, Protection.READ_WRITE);
        }
        return below;
    }

    private static void swap(GuestDomain domain, AddressSpaces spaces, AddressSpace space, Processor cpu) {
        spaces.swapTo(SwapDevice.on(domain.disk("xvda")));
        space.protect(cpu, HEAP, PAGES * PAGE, Protection.READ_WRITE);
        for (int page = 0; page < PAGES; page++) {
            cpu.putLong(HEAP + (long) page * PAGE, page);
        }
        int gone = space.swapOut(cpu, HEAP, PAGES * PAGE);
        long sum = 0;
        for (int page = 0; page < PAGES; page++) {
            sum += cpu.getLong(HEAP + (long) page * PAGE);
        }
        System.out.println("swapped out " + gone + " pages and read them back: " + sum);
    }
}
