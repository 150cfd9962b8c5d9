// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.splitvisor.abi.io.XenbusState;
import io.splitvisor.driver.Feature;
import java.util.List;

/** What every back end is held against, whatever it exchanges. */
final class ConnectionChecks {
    static final List<Check<BackendBench<?>>> ALL = List.of(
            Check.of("connects again and again", ConnectionChecks::reconnects),
            Check.of("survives states that are none", ConnectionChecks::badStates),
            Check.of("refuses rings that cannot be mapped", ConnectionChecks::badRings),
            Check.of("refuses features that are not declared so", ConnectionChecks::badFeatures),
            Check.of("refuses another version", ConnectionChecks::otherVersion),
            Check.of("survives events without work", ConnectionChecks::eventStorm),
            Check.of("goes when the front end's nodes go", ConnectionChecks::nodesGo),
            Check.of("detaches in agreement", ConnectionChecks::detachInAgreement),
            Check.of("detaches by force", ConnectionChecks::detachByForce),
            new Check<>("lets go of a domain that dies at any step", ConnectionChecks::domainDies));

    private static final int EVENTS = 200;

    private ConnectionChecks() {}

    private static void reconnects(BackendBench<?> bench) {
        for (int i = 0; i < 10; i++) {
            bench.connect();
            bench.exchange(1);
            bench.reset();
        }
    }

    private static void badStates(BackendBench<?> bench) {
        for (String state : new String[] {"abc", "", "9", "-1", "2", "7", "8", "4294967297"}) {
            bench.connect();
            bench.front().write("state", state);
            bench.assertRefused("state '" + state + "'");
            bench.front().state(XenbusState.CLOSED);
            bench.awaitPeer(XenbusState.CLOSED);
            bench.machine().store().rm("/local/domain/0/error");
            bench.front().state(XenbusState.INITIALISING);
            bench.awaitPeer(XenbusState.INIT_WAIT);
        }
    }

    private static void badRings(BackendBench<?> bench) {
        for (String node : new String[] {"ring-ref", bench.declared().portNode()}) {
            for (String value : new String[] {null, "", "abc", "-1", "0", "4294967295", "4294967296", " 8"}) {
                refused(bench, node, value);
            }
        }
    }

    private static void badFeatures(BackendBench<?> bench) {
        for (Feature feature : bench.declared().features()) {
            if (feature.teller() == Feature.Teller.BOTH) {
                for (String value : new String[] {"abc", "-1", "", "99999999999999999999"}) {
                    refused(bench, feature.name(), value);
                }
            }
            if (feature instanceof Feature.Numeric number && number.teller() == Feature.Teller.BOTH) {
                refused(bench, number.name(), Long.toString(number.largest() + 1));
            }
        }
    }

    private static void otherVersion(BackendBench<?> bench) {
        if (bench.declared().version() > 0) {
            refused(bench, "version", Integer.toString(bench.declared().version() + 1));
            assertTrue(bench.lastError().contains("version"), bench::lastError);
            refused(bench, "version", null);
        }
    }

    private static void eventStorm(BackendBench<?> bench) {
        bench.connect();
        for (int i = 0; i < EVENTS; i++) {
            bench.front().kick();
            bench.machine().step();
        }
        bench.machine().run();
        bench.exchange(2);
        bench.disconnect();
    }

    private static void nodesGo(BackendBench<?> bench) {
        bench.connect();
        bench.exchange(1);
        bench.machine().store().rm(bench.front().own().path());
        bench.await("its nodes go too", () -> bench.front().peer().read("state") == null);
        bench.assertNothingMapped();
    }

    private static void detachInAgreement(BackendBench<?> bench) {
        bench.connect();
        var done = bench.attached().detach(false);
        bench.awaitPeer(XenbusState.CLOSING);
        bench.exchange(1);
        bench.front().state(XenbusState.CLOSED);
        bench.await("detached", done::isDone);
        bench.assertNothingMapped();
    }

    private static void detachByForce(BackendBench<?> bench) {
        bench.connect();
        bench.exchange(1);
        bench.detach();
    }

    /** Offers a ring with one node that is wrong; the back end says why it does not connect, and can be tried again. */
    private static void refused(BackendBench<?> bench, String node, String value) {
        bench.front().makeRing();
        bench.front().say();
        if (value == null) {
            bench.front().remove(node);
        } else {
            bench.front().write(node, value);
        }
        bench.front().state(XenbusState.INITIALISED);
        bench.assertRefused(node + " '" + value + "'");
        bench.front().state(XenbusState.CLOSED);
        bench.awaitPeer(XenbusState.CLOSED);
        bench.machine().store().rm("/local/domain/0/error");
        bench.front().state(XenbusState.INITIALISING);
        bench.awaitPeer(XenbusState.INIT_WAIT);
    }

    private static void domainDies(BackendBench<?> bench, long seed) {
        int steps = (int) (seed * 5);
        bench.front().offer();
        boolean more = true;
        for (int i = 0; i < steps && more; i++) {
            more = bench.machine().step();
            if (bench.front().peerState() == XenbusState.CONNECTED) {
                bench.ask();
            }
        }
        bench.machine().kill(bench.guest());
        var done = bench.attached().domainDied();
        bench.await("nothing of the dead domain in use", done::isDone);
        bench.assertNothingMapped();
    }
}
