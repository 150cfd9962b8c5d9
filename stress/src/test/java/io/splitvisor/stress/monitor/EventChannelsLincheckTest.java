// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.stress.monitor;

import static org.assertj.core.api.Assertions.assertThatCode;

import io.splitvisor.monitor.evtchn.EventChannels;
import io.splitvisor.monitor.evtchn.EventDelivery;
import io.splitvisor.monitor.evtchn.PortState.Interdomain;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Test;

/**
 * Two domains that offer, bind, send, and close as they like, every interleaving of short programs of theirs: what each call
 * answers is what it would answer in some order of the calls, and afterwards every channel has two ends.
 */
@Param(name = "port", gen = IntGen.class, conf = "1:2")
public class EventChannelsLincheckTest {
    private static final int A = 1;
    private static final int B = 2;
    private static final int PORTS = 4;

    private final Object lock = new Object();
    private final EventChannels a = new EventChannels(A, EventDelivery.NONE, 1, PORTS, lock, this::find);
    private final EventChannels b = new EventChannels(B, EventDelivery.NONE, 1, PORTS, lock, this::find);

    /** Who gets an event is not asked here: it follows from the ports' states. */
    private EventChannels find(int domid) {
        return domid == A ? a : domid == B ? b : null;
    }

    /** A offers a port to B. */
    @Operation
    public int offerA() {
        return a.allocUnbound(B);
    }

    /** B offers a port to A. */
    @Operation
    public int offerB() {
        return b.allocUnbound(A);
    }

    /** A binds to what B may have offered. */
    @Operation
    public int bindA(@Param(name = "port") int port) {
        return a.bindInterdomain(B, port);
    }

    /** B binds to what A may have offered. */
    @Operation
    public int bindB(@Param(name = "port") int port) {
        return b.bindInterdomain(A, port);
    }

    /** A closes. */
    @Operation
    public int closeA(@Param(name = "port") int port) {
        return a.close(port);
    }

    /** B closes. */
    @Operation
    public int closeB(@Param(name = "port") int port) {
        return b.close(port);
    }

    /** A sends. */
    @Operation
    public int sendA(@Param(name = "port") int port) {
        return a.send(port);
    }

    /** What A's port is. */
    @Operation
    public int statusA(@Param(name = "port") int port) {
        return a.state(port).status();
    }

    /** B dies. */
    @Operation
    public boolean destroyB() {
        return b.destroy(2);
    }

    /** A port that is connected is connected to a port that is connected to it. */
    @Validate
    public void everyChannelHasTwoEnds() {
        check(a);
        check(b);
    }

    private static void check(EventChannels channels) {
        for (int port = 1; port < PORTS; port++) {
            if (channels.state(port) instanceof Interdomain(EventChannels remote, int remotePort)) {
                boolean mutual = remote.state(remotePort) instanceof Interdomain(EventChannels back, int backPort)
                        && back == channels
                        && backPort == port;
                if (!mutual) {
                    throw new IllegalStateException(
                            channels.domid() + ":" + port + " is connected to a port that is not");
                }
            }
        }
    }

    @Test
    void shouldAnswerAsInSomeOrderOfTheCalls() {
        ModelCheckingOptions options = new ModelCheckingOptions()
                .iterations(12)
                .invocationsPerIteration(200)
                .threads(2)
                .actorsPerThread(3)
                .actorsBefore(2)
                .actorsAfter(1);
        assertThatCode(() -> options.check(getClass())).doesNotThrowAnyException();
    }
}
