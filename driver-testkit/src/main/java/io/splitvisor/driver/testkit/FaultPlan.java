// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import io.splitvisor.abi.io.XenbusState;
import io.splitvisor.driver.testkit.Fault.Garbage;
import io.splitvisor.driver.testkit.Fault.Kill;
import io.splitvisor.driver.testkit.Fault.Notification;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;

/**
 * What goes wrong in a run. Its text says all of it, and {@link #parse} makes the same plan from the text; with the seed of
 * the {@link Order}, a run can be repeated.
 *
 * @param faults in any order
 */
public record FaultPlan(List<Fault> faults) {
    private static final String SEPARATOR = "; ";
    private static final String NOTHING = "nothing";
    private static final String[] VALUES = {
        "", "abc", "-1", "4294967296", "99999999999999999999", "0", "\u0001", "7", "9"
    };
    private static final String[] NODES = {"state", "ring-ref", "event-channel", "feature-persistent", "protocol"};
    private static final int MOST_DELAY = 20;

    /** Copies. */
    public FaultPlan {
        faults = List.copyOf(faults);
    }

    /** Nothing goes wrong. */
    public static FaultPlan none() {
        return new FaultPlan(List.of());
    }

    /** These things go wrong. */
    public static FaultPlan of(Fault... faults) {
        return new FaultPlan(List.of(faults));
    }

    /**
     * Makes a plan from its text.
     *
     * @throws IllegalArgumentException naming what is no fault
     */
    public static FaultPlan parse(String text) {
        if (text.isBlank() || text.equals(NOTHING)) {
            return none();
        }
        return new FaultPlan(Arrays.stream(text.split(SEPARATOR.strip()))
                .map(part -> Fault.parse(part.strip()))
                .toList());
    }

    /**
     * Any plan, the same for the same seed.
     *
     * @param count faults in it
     */
    public static FaultPlan random(long seed, int count) {
        Random random = new Random(seed);
        List<Fault> faults = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            faults.add(random(random));
        }
        return new FaultPlan(faults);
    }

    private static Fault random(Random random) {
        End end = End.values()[random.nextInt(2)];
        End whose = End.values()[random.nextInt(2)];
        XenbusState state = XenbusState.of(1 + random.nextInt(6));
        int nth = 1 + random.nextInt(8);
        return switch (random.nextInt(9)) {
            case 0 -> new Notification(Fault.Mishap.DROP, nth, end, 0);
            case 1 -> new Notification(Fault.Mishap.DELAY, nth, end, 1 + random.nextInt(MOST_DELAY));
            case 2 -> new Notification(Fault.Mishap.DUPLICATE, nth, end, 0);
            case 3 -> new Notification(Fault.Mishap.TEAR, nth, end, 0);
            case 4 -> new Fault.RevokeGrant(nth);
            case 5 -> new Fault.FailRequest(nth);
            case 6 -> new Kill(end, random.nextBoolean(), whose, state);
            case 7 ->
                new Garbage(
                        NODES[random.nextInt(NODES.length)], VALUES[random.nextInt(VALUES.length)], end, whose, state);
            default -> new Fault.Slow(end, Duration.ofMillis(1 + random.nextInt(5000)));
        };
    }

    @Override
    public String toString() {
        return faults.isEmpty() ? NOTHING : faults.stream().map(Fault::toString).collect(Collectors.joining(SEPARATOR));
    }
}
