// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.it;

import io.splitvisor.abi.io.XenconsInterface;
import io.splitvisor.abi.io.XenstoreDomainInterface;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.domu.Guest;
import io.splitvisor.domu.GuestDomain;
import io.splitvisor.domu.block.BlockDevice;
import io.splitvisor.domu.block.BlockIo;
import io.splitvisor.xenstore.XenstoreException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Random;

/** Does one thing that no guest should; its arguments are what, and the domain's memory in MiB. */
public final class HostileGuest implements Guest {
    @Override
    public void run(GuestDomain domain) throws Exception {
        String what = domain.arguments().get(0);
        int ramPages = Integer.parseInt(domain.arguments().get(1)) * 256;
        DomainLayout layout = new DomainLayout(ramPages, 64, 1);
        MemorySegment memory = domain.memory().segment();
        System.out.println("about to do " + what);
        switch (what) {
            case "hypercall-overflow" -> {
                // An honest call wakes Dom0, which then looks at the ring a few times more.
                while (true) {
                    domain.hypercalls().schedYield();
                    for (int i = 0; i < 1000; i++) {
                        memory.set(ValueLayout.JAVA_INT, DomainLayout.bytes(layout.hypercallRing(0)), 1 << 20);
                    }
                }
            }
            case "console-indices" -> {
                long console = DomainLayout.bytes(layout.console());
                memory.set(ValueLayout.JAVA_INT, console + XenconsInterface.OUT_PROD.offset(), 0x7000_0000);
                domain.xenstore().write("data/done", what);
            }
            case "xenstore-indices" -> {
                domain.xenstore().read("name");
                long ring = DomainLayout.bytes(layout.xenstore());
                memory.set(ValueLayout.JAVA_INT, ring + XenstoreDomainInterface.REQ_PROD, 0x7000_0000);
                Thread.sleep(60_000);
            }
            case "die-in-flight" -> {
                BlockDevice disk = domain.disk("xvda");
                for (int i = 0; i < 16; i++) {
                    BlockIo io = disk.newIo(8);
                    disk.queue().submit(io.read(i * 64L, 8 * 4096));
                }
                Runtime.getRuntime().halt(9);
            }
            case "rewrite-nodes" -> rewriteNodes(domain);
            case "garbage-everywhere" -> garbage(memory, layout);
            default -> throw new IllegalArgumentException(what);
        }
        Thread.sleep(60_000);
    }

    /** Tries to point the toolstack and back ends at something else, then serves its disk as if nothing had been. */
    private static void rewriteNodes(GuestDomain domain) throws InterruptedException {
        String backend = domain.xenstore().read("device/vbd/51712/backend");
        for (String node : List.of(
                "console/ring-ref",
                "console/port",
                "console/output",
                "console/limit",
                "console/tty",
                "store/ring-ref",
                "name",
                "domid",
                "memory/target",
                "control/platform-feature-xs_reset_watches",
                backend + "/params",
                backend + "/mode",
                backend + "/frontend",
                backend + "/state",
                "/libxl/" + domain.domid() + "/device/vbd/51712/backend",
                "/vm")) {
            try {
                domain.xenstore().write(node, "65535");
                System.out.println("wrote " + node);
            } catch (XenstoreException e) {
                System.out.println(e.error() + " " + node.substring(node.lastIndexOf('/') + 1));
            }
        }
        // These are its own.
        for (String node : List.of("backend", "backend-id", "virtual-device", "device-type")) {
            domain.xenstore().write("device/vbd/51712/" + node, "/local/domain/0/backend/vbd/4711/51712");
        }
        System.out.println("nodes rewritten");
        Thread.sleep(60_000);
    }

    /** Random bytes in every special page, again and again, for two seconds. */
    private static void garbage(MemorySegment memory, DomainLayout layout) {
        Random random = new Random(42);
        long first = DomainLayout.bytes(layout.sharedInfo());
        int words = (int) ((memory.byteSize() - first) / Integer.BYTES);
        long end = System.nanoTime() + 2_000_000_000L;
        while (System.nanoTime() < end) {
            memory.set(ValueLayout.JAVA_INT, first + (long) random.nextInt(words) * Integer.BYTES, random.nextInt());
        }
        Runtime.getRuntime().halt(0);
    }
}
