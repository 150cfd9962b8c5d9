// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.stress.vcpu;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.splitvisor.host.EventFd;
import io.splitvisor.monitor.Vcpu;
import io.splitvisor.ring.Doorbell;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.Z_Result;

/** A vCPU that waits in a hypercall against the event that it waits for: it never stands still afterwards. */
public final class WaitStress {
    // One for all states: nobody sleeps on it.
    private static final EventFd EVENT = EventFd.create();
    private static final VarHandle PORTS = ValueLayout.JAVA_LONG.varHandle();
    private static final long ASLEEP = 64;
    private static final long PENDING = 72;

    private WaitStress() {}

    /** A vCPU, its vcpu_info, and a word of pending ports. */
    abstract static class Waiter {
        final MemorySegment memory = MemorySegment.ofArray(new long[10]);
        final Vcpu vcpu = new Vcpu(0, new Doorbell(memory, ASLEEP, EVENT), new Vcpu.Info(memory, 0));

        final void raise(long port) {
            long unused = (long) PORTS.getAndBitwiseOr(memory, PENDING, port);
            vcpu.portRaised();
        }

        final boolean isPending() {
            return (long) PORTS.getAcquire(memory, PENDING) != 0;
        }
    }

    /** {@code SCHEDOP_block} and an upcall. */
    @JCStressTest
    @Outcome(id = "false", expect = ACCEPTABLE, desc = "goes on")
    @Outcome(id = "true", expect = FORBIDDEN, desc = "lost wake-up")
    @State
    public static class Block extends Waiter {
        @Actor
        public void waiter() {
            vcpu.await(Vcpu.Wait.UPCALL);
            if (vcpu.isUpcallDue()) {
                vcpu.endWait();
            }
        }

        @Actor
        public void sender() {
            vcpu.upcall();
        }

        @Arbiter
        public void after(Z_Result r) {
            r.r1 = vcpu.standsStill();
        }
    }

    /** {@code SCHEDOP_poll} and its port. */
    @JCStressTest
    @Outcome(id = "false", expect = ACCEPTABLE, desc = "goes on, or looks")
    @Outcome(id = "true", expect = FORBIDDEN, desc = "lost wake-up")
    @State
    public static class Poll extends Waiter {
        @Actor
        public void waiter() {
            vcpu.await(Vcpu.Wait.PORT);
            if (isPending()) {
                vcpu.endWait();
            }
        }

        @Actor
        public void sender() {
            raise(1);
        }

        @Arbiter
        public void after(Z_Result r) {
            r.r1 = vcpu.standsStill();
        }
    }

    /** A poll that is made to look by another port's event, and its own port's event while it looks. */
    @JCStressTest
    @Outcome(id = "false", expect = ACCEPTABLE, desc = "goes on, or looks")
    @Outcome(id = "true", expect = FORBIDDEN, desc = "lost wake-up")
    @State
    public static class PollFurther extends Waiter {
        public PollFurther() {
            vcpu.await(Vcpu.Wait.PORT);
        }

        @Actor
        public void waiter() {
            if (vcpu.waitsFor() == Vcpu.Wait.LOOK) {
                vcpu.awaitFurther();
                if (isPending()) {
                    vcpu.endWait();
                }
            }
        }

        @Actor
        public void sender() {
            vcpu.portRaised();
            raise(1);
        }

        @Arbiter
        public void after(Z_Result r) {
            r.r1 = vcpu.standsStill();
        }
    }
}
