// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.stress.monitor;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.jetbrains.lincheck.datastructures.ManagedStrategyGuaranteeKt.forClasses;

import io.splitvisor.abi.SharedInfo;
import io.splitvisor.abi.VcpuInfo;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.host.EventFd;
import io.splitvisor.host.SharedMemory;
import io.splitvisor.monitor.Vcpu;
import io.splitvisor.monitor.evtchn.EventChannels;
import io.splitvisor.monitor.evtchn.EventDelivery;
import io.splitvisor.monitor.evtchn.PortState.Closed;
import io.splitvisor.monitor.evtchn.TwoLevelDelivery;
import io.splitvisor.ring.Doorbell;
import java.lang.foreign.MemorySegment;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Validate;
import org.jetbrains.lincheck.datastructures.verifier.EpsilonVerifier;
import org.junit.jupiter.api.Test;

/**
 * The path of an event from a sender to a guest that takes events, masks, closes and opens ports at the same time. Whatever
 * the order: an event on an open port that is not masked is one that the guest will look at.
 */
public class EventDeliveryLincheckTest {
    private static final int A = 1;
    private static final int B = 2;
    private static final int PORTS = 3;
    private static final int PORT = 1;

    // One of each for all instances, which come one after the other. Word 4096 says that nobody sleeps.
    private static final SharedMemory MEMORY = SharedMemory.create("splitvisor-lincheck", 2 * DomainLayout.PAGE_SIZE);
    private static final EventFd BELL = EventFd.create();

    private final MemorySegment sharedInfo = MEMORY.segment().asSlice(0, DomainLayout.PAGE_SIZE);
    private final Object lock = new Object();
    private final EventChannels a;
    private final EventChannels b;

    public EventDeliveryLincheckTest() {
        MEMORY.segment().fill((byte) 0);
        Doorbell bell = new Doorbell(MEMORY.segment(), DomainLayout.PAGE_SIZE, BELL);
        a = new EventChannels(A, EventDelivery.NONE, 1, PORTS, lock, this::find);
        b = new EventChannels(
                B,
                new TwoLevelDelivery(sharedInfo, new Vcpu(0, bell, new Vcpu.Info(sharedInfo, 0))),
                1,
                PORTS,
                lock,
                this::find);
        b.allocUnbound(A);
        a.bindInterdomain(B, PORT);
    }

    private EventChannels find(int domid) {
        return domid == A ? a : domid == B ? b : null;
    }

    /** A sends to B. */
    @Operation
    public int send() {
        return a.send(PORT);
    }

    /** B closes its port, and A the rest of it. */
    @Operation
    public void close() {
        b.close(PORT);
        a.close(PORT);
    }

    /** B opens the port again, and A binds to it. */
    @Operation
    public void open() {
        b.allocUnbound(A);
        a.bindInterdomain(B, PORT);
    }

    /** A whole life of a port in between: an event that was on its way to the port before must not spoil the next one. */
    @Operation
    public void reopen() {
        close();
        takeEvents();
        open();
    }

    /** B masks the port. */
    @Operation
    public void mask() {
        SharedInfo.testAndSetMaskVolatile(sharedInfo, 0, PORT);
    }

    /** B unmasks the port. */
    @Operation
    public int unmask() {
        return b.unmask(PORT);
    }

    /** B takes its events, and leaves those of ports that it does not have as they are, as Linux does. */
    @Operation
    public void takeEvents() {
        VcpuInfo.clearUpcallPendingVolatile(sharedInfo, 0);
        long words = VcpuInfo.takePendingSelVolatile(sharedInfo, 0);
        if (words != 0) {
            long active = SharedInfo.activeWordVolatile(sharedInfo, 0, 0);
            if (active != 0 && !(b.state(PORT) instanceof Closed)) {
                SharedInfo.testAndClearPendingVolatile(sharedInfo, 0, PORT);
            }
        }
    }

    /** When everybody is done, what is to be seen is announced. */
    @Validate
    public void noEventIsLost() {
        boolean visible = !(b.state(PORT) instanceof Closed)
                && SharedInfo.isPendingAcquire(sharedInfo, 0, PORT)
                && !SharedInfo.isMaskedAcquire(sharedInfo, 0, PORT);
        boolean selected = VcpuInfo.pendingSelAcquire(sharedInfo, 0) != 0;
        boolean upcall = VcpuInfo.isUpcallPendingAcquire(sharedInfo, 0);
        if (visible && !selected) {
            throw new IllegalStateException("an event is pending, and its word is not selected");
        }
        if (selected && !upcall) {
            throw new IllegalStateException("a word is selected, and no upcall is pending");
        }
    }

    @Test
    void shouldLoseNoEventOfAnOpenPort() {
        ModelCheckingOptions options = new ModelCheckingOptions()
                .iterations(12)
                .invocationsPerIteration(120)
                .threads(2)
                .actorsPerThread(3)
                .actorsBefore(2)
                .actorsAfter(1)
                // Events may come for nothing: what calls answer is not compared with any order of theirs.
                .verifier(EpsilonVerifier.class)
                // shared_info lies outside the heap: the checker cannot see it, and is told where to switch.
                .addGuarantee(forClasses(SharedInfo.class.getName(), VcpuInfo.class.getName())
                        .allMethods()
                        .treatAsAtomic());
        assertThatCode(() -> options.check(getClass())).doesNotThrowAnyException();
    }
}
