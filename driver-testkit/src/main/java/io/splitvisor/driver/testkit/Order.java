// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Which of the steps that are possible comes next. */
public final class Order {
    private final String name;
    private final Choice choice;
    private final List<Integer> choices = new ArrayList<>();

    /** A choice among several. */
    @FunctionalInterface
    private interface Choice {
        int of(int possible);
    }

    private Order(String name, Choice choice) {
        this.name = name;
        this.choice = choice;
    }

    /** First come, first served. */
    public static Order inTurn() {
        return new Order("in turn", _ -> 0);
    }

    /** Any, but the same for the same seed; 0 is {@link #inTurn}. */
    public static Order seeded(long seed) {
        if (seed == 0) {
            return inTurn();
        }
        Random random = new Random(seed);
        return new Order("seed " + seed, random::nextInt);
    }

    /** What another order chose ({@link #choices}); in turn when that is over. */
    public static Order replay(List<Integer> choices) {
        List<Integer> rest = new ArrayList<>(choices.reversed());
        return new Order("replay", possible -> rest.isEmpty() ? 0 : Math.min(rest.removeLast(), possible - 1));
    }

    int choose(int possible) {
        int chosen = possible == 1 ? 0 : choice.of(possible);
        if (possible > 1) {
            choices.add(chosen);
        }
        return chosen;
    }

    /** What was chosen so far, where there was a choice. */
    public List<Integer> choices() {
        return List.copyOf(choices);
    }

    @Override
    public String toString() {
        return name;
    }
}
