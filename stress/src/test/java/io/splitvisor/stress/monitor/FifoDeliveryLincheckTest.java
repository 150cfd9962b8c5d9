// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.stress.monitor;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.jetbrains.lincheck.datastructures.ManagedStrategyGuaranteeKt.forClasses;

import io.splitvisor.abi.VcpuInfo;
import io.splitvisor.abi.evtchn.EvtchnFifoControlBlock;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.host.EventFd;
import io.splitvisor.host.SharedMemory;
import io.splitvisor.monitor.Vcpu;
import io.splitvisor.monitor.evtchn.EventChannels;
import io.splitvisor.monitor.evtchn.EventDelivery;
import io.splitvisor.monitor.evtchn.GuestDelivery;
import io.splitvisor.monitor.memory.GuestMemory;
import io.splitvisor.ring.Doorbell;
import java.lang.foreign.MemorySegment;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.Validate;
import org.jetbrains.lincheck.datastructures.verifier.EpsilonVerifier;
import org.junit.jupiter.api.Test;

/**
 * The monitor links event words while the guest takes them off its queues, masks, unmasks, and changes priorities: whatever
 * the order, an event that is pending and not masked stands in a queue that is ready and announced (rows E7 and E10).
 */
@Param(name = "port", gen = IntGen.class, conf = "1:2")
@Param(name = "priority", gen = IntGen.class, conf = "3:4")
public class FifoDeliveryLincheckTest {
    private static final int A = 1;
    private static final int B = 2;
    private static final int PORTS = 2;
    private static final int QUEUES = 16;

    private static final DomainLayout LAYOUT = new DomainLayout(4, 1, 1);
    private static final int CONTROL_FRAME = 1;
    private static final int WORDS_FRAME = 2;
    private static final long CONTROL = DomainLayout.bytes(CONTROL_FRAME);
    private static final long WORDS = DomainLayout.bytes(WORDS_FRAME);

    private static final int PENDING = 1 << 31;
    private static final int MASKED = 1 << 30;
    private static final int LINKED = 1 << 29;
    private static final int LINK = (1 << 17) - 1;

    // One of each for all instances, which come one after the other.
    private static final SharedMemory SHARED = SharedMemory.create("splitvisor-lincheck", LAYOUT.totalBytes());
    private static final EventFd BELL = EventFd.create();
    private static final MemorySegment MEMORY = SHARED.segment();

    private final Object lock = new Object();
    private final EventChannels a = new EventChannels(A, EventDelivery.NONE, 1, 64, lock, this::find);
    private final EventChannels b;
    private final long info = DomainLayout.bytes(LAYOUT.sharedInfo());
    private final int[] heads = new int[QUEUES];
    private int ready;

    public FifoDeliveryLincheckTest() {
        MEMORY.fill((byte) 0);
        Doorbell bell = new Doorbell(MEMORY, DomainLayout.bytes(LAYOUT.vcpuControl(0)), BELL);
        GuestDelivery delivery =
                new GuestDelivery(new GuestMemory(SHARED, LAYOUT), new Vcpu(0, bell, new Vcpu.Info(MEMORY, info)));
        b = new EventChannels(B, delivery, 1, 64, lock, this::find);
        for (int port = 1; port <= PORTS; port++) {
            b.allocUnbound(A);
            a.bindInterdomain(B, port);
        }
        if (b.initControl(0, CONTROL_FRAME, 0) != 0 || b.expandArray(WORDS_FRAME) != 0) {
            throw new IllegalStateException("no FIFO ABI");
        }
    }

    private EventChannels find(int domid) {
        return domid == A ? a : domid == B ? b : null;
    }

    private static long at(int port) {
        return WORDS + (long) port * Integer.BYTES;
    }

    private static int word(int port) {
        return io.splitvisor.abi.evtchn.EventChannels.wordAcquire(MEMORY, at(port));
    }

    private static int change(int port, int clear, int set) {
        while (true) {
            int seen = word(port);
            if (io.splitvisor.abi.evtchn.EventChannels.compareAndSetWordVolatile(
                    MEMORY, at(port), seen, seen & ~clear | set)) {
                return seen;
            }
        }
    }

    /** A sends. */
    @Operation
    public int send(@Param(name = "port") int port) {
        return a.send(port);
    }

    /** For events to come. */
    @Operation
    public int setPriority(@Param(name = "port") int port, @Param(name = "priority") int priority) {
        return b.setPriority(port, priority);
    }

    /** B masks the port. */
    @Operation
    public void mask(@Param(name = "port") int port) {
        change(port, 0, MASKED);
    }

    /** B unmasks the port, and asks the monitor to deliver what waits. */
    @Operation
    public void unmask(@Param(name = "port") int port) {
        if ((change(port, MASKED, 0) & PENDING) != 0) {
            b.unmask(port);
        }
    }

    /** B takes its events. */
    @Operation(nonParallelGroup = "upcall")
    public void takeEvents() {
        VcpuInfo.clearUpcallPendingVolatile(MEMORY, info);
        ready |= EvtchnFifoControlBlock.takeReadyVolatile(MEMORY, CONTROL);
        while (ready != 0) {
            int queue = Integer.numberOfTrailingZeros(ready);
            int port = heads[queue];
            if (port == 0) {
                port = EvtchnFifoControlBlock.headAcquire(MEMORY, CONTROL, queue);
            }
            int link = change(port, LINKED | LINK, 0) & LINK;
            heads[queue] = link;
            if (link == 0) {
                ready &= ~(1 << queue);
            }
            if ((word(port) & (PENDING | MASKED)) == PENDING) {
                change(port, PENDING, 0);
            }
            ready |= EvtchnFifoControlBlock.takeReadyVolatile(MEMORY, CONTROL);
        }
    }

    /** When everybody is done, what is to be seen can be found. */
    @Validate
    public void noEventIsLost() {
        int standing = 0;
        int bits = EvtchnFifoControlBlock.readyAcquire(MEMORY, CONTROL);
        for (int queue = 0; queue < QUEUES; queue++) {
            int port = (bits >>> queue & 1) != 0 ? EvtchnFifoControlBlock.headAcquire(MEMORY, CONTROL, queue) : 0;
            for (int steps = 0; port != 0; steps++) {
                if (steps > PORTS) {
                    throw new IllegalStateException("queue " + queue + " has no end");
                }
                standing |= 1 << port;
                port = word(port) & LINK;
            }
        }
        for (int port = 1; port <= PORTS; port++) {
            int word = word(port);
            if ((word & (PENDING | MASKED)) == PENDING && (standing >>> port & 1) == 0) {
                throw new IllegalStateException("port " + port + " is pending, and in no queue: " + word);
            }
            if ((word & LINKED) != 0 && (standing >>> port & 1) == 0) {
                throw new IllegalStateException("port " + port + " is linked, and in no queue: " + word);
            }
        }
        if (bits != 0 && !VcpuInfo.isUpcallPendingAcquire(MEMORY, info)) {
            throw new IllegalStateException("queues are ready, and no upcall is pending");
        }
    }

    @Test
    void e10_shouldLoseNoEventHoweverLinkingAndTakingMeet() {
        ModelCheckingOptions options = new ModelCheckingOptions()
                .iterations(12)
                .invocationsPerIteration(150)
                .threads(3)
                .actorsPerThread(2)
                .actorsBefore(2)
                .actorsAfter(0)
                // What calls answer is not compared with any order of theirs.
                .verifier(EpsilonVerifier.class)
                // The pages lie outside the heap: the checker cannot see them, and is told where to switch.
                .addGuarantee(forClasses(
                                io.splitvisor.abi.evtchn.EventChannels.class.getName(),
                                EvtchnFifoControlBlock.class.getName(),
                                VcpuInfo.class.getName())
                        .allMethods()
                        .treatAsAtomic());
        assertThatCode(() -> options.check(getClass())).doesNotThrowAnyException();
    }
}
